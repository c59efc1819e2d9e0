import { setAlarm } from '../timers.ts';

type Watch = {
  readonly worker: number;
  readonly ms: number;
  readonly ring: () => void;
  cancelAlarm: (() => void) | undefined;
};

/**
 * Which durable workers take work. A frozen worker stands for an instance of the app that stopped: it takes no work, and
 * after a visibility timeout the queues deliver what it has to another one. Workers are numbered from 0.
 */
export class WorkerStates {
  readonly count: number;
  readonly #frozen = new Set<number>();
  readonly #watches = new Set<Watch>();
  readonly #thawed: (() => void)[] = [];

  constructor(count: number) {
    this.count = count;
  }

  /** The workers that take work. */
  available(): readonly number[] {
    return Array.from({ length: this.count }, (_, worker) => worker).filter((worker) => !this.#frozen.has(worker));
  }

  isFrozen(worker: number): boolean {
    return this.#frozen.has(worker);
  }

  freeze(worker: number): void {
    if (this.#frozen.has(worker)) return;
    this.#frozen.add(worker);
    for (const watch of this.#watches) {
      if (watch.worker === worker) watch.cancelAlarm = setAlarm(Date.now() + watch.ms, watch.ring);
    }
  }

  thaw(worker: number): void {
    if (!this.#frozen.delete(worker)) return;
    for (const watch of this.#watches) {
      if (watch.worker === worker) watch.cancelAlarm?.();
    }
    for (const thawed of this.#thawed) thawed();
  }

  /** Calls `ring` once when the worker has been frozen for `ms`. Returns a function that ends this. */
  whenFrozenFor(worker: number, ms: number, ring: () => void): () => void {
    const watch: Watch = { worker, ms, ring, cancelAlarm: undefined };
    this.#watches.add(watch);
    return () => {
      this.#watches.delete(watch);
      watch.cancelAlarm?.();
    };
  }

  /** Calls `thawed` whenever a worker takes work again. */
  onThaw(thawed: () => void): void {
    this.#thawed.push(thawed);
  }
}
