import type { ExecutorOptions } from './executor.ts';
import type { Iteration, VirtualUser } from './virtual-user.ts';

type PoolOptions = Pick<ExecutorOptions, 'newVu' | 'onActive'> & {
  /** Numbers in the run of all that there may be. */
  readonly vus: readonly number[];
  /** How many of them are made at once; the others when all are busy. */
  readonly preAllocated: number;
  /** Told when an iteration rejects, which is a bug of ours. */
  readonly onBroken: (error: unknown) => void;
};

/** One virtual user of the pool, with the callback that each of its iterations ends with. */
type Worker = { readonly vu: VirtualUser; readonly free: () => void };

/** Virtual users that take starts in turn: whoever has been free longest comes first. */
export class VuPool {
  readonly #options: PoolOptions;
  /** A ring of those that are free. */
  readonly #free: (Worker | undefined)[];
  #head = 0;
  #freeCount = 0;
  #made = 0;
  #closing = false;
  readonly #endings: Promise<void>[] = [];
  readonly #allEnded = Promise.withResolvers<void>();

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#free = new Array(options.vus.length).fill(undefined);
    while (this.#made < options.preAllocated) this.#release(this.#make());
  }

  /** Lets a free virtual user run the iteration. @returns false when there is none and no more may be made */
  begin(iteration: Iteration): boolean {
    const { vus, onActive, onBroken } = this.#options;
    if (this.#freeCount === 0 && this.#made === vus.length) return false;
    const worker = this.#freeCount > 0 ? this.#takeFree() : this.#make();
    onActive(1);
    worker.vu.iterate(iteration).then(worker.free, onBroken);
    return true;
  }

  /** Ends all virtual users, each as soon as it is free. */
  async end(): Promise<void> {
    this.#closing = true;
    if (this.#made === 0) return;
    while (this.#freeCount > 0) this.#finish(this.#takeFree());
    await this.#allEnded.promise;
    await Promise.all(this.#endings);
  }

  #make(): Worker {
    const { vus, newVu, onActive } = this.#options;
    const worker: Worker = {
      vu: newVu(vus[this.#made] as number),
      free: () => {
        onActive(-1);
        if (this.#closing) this.#finish(worker);
        else this.#release(worker);
      },
    };
    this.#made++;
    return worker;
  }

  #release(worker: Worker): void {
    this.#free[(this.#head + this.#freeCount) % this.#free.length] = worker;
    this.#freeCount++;
  }

  #takeFree(): Worker {
    const worker = this.#free[this.#head] as Worker;
    this.#head = (this.#head + 1) % this.#free.length;
    this.#freeCount--;
    return worker;
  }

  #finish({ vu }: Worker): void {
    this.#endings.push(vu.end());
    if (this.#endings.length === this.#made) this.#allEnded.resolve();
  }
}
