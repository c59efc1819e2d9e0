import type { Clock } from '../../src/traffic/clock.ts';

type Sleeper = { readonly atMs: number; readonly wake: () => void };

/**
 * A clock whose time stands still while code runs and jumps to the next sleeper's instant when run() finds nothing else
 * to do, so that hours pass in milliseconds and every run is the same.
 */
export class VirtualClock implements Clock {
  readonly #sleepers = new Set<Sleeper>();
  #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  sleepUntil(atMs: number, signal?: AbortSignal): Promise<void> {
    if (atMs <= this.#nowMs || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        atMs,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', sleeper.wake);
    });
  }

  /** Lets time pass until the work is done. @throws when the work waits for something that is not this clock */
  async run<Result>(work: Promise<Result>): Promise<Result> {
    const settled = { done: false };
    const watched = work.finally(() => {
      settled.done = true;
    });
    // The caller gets the rejection from the return below.
    watched.catch(() => undefined);
    while (true) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (settled.done) return watched;
      const next = [...this.#sleepers].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) throw new Error(`Nobody sleeps at ${this.#nowMs} ms, and the work is not done.`);
      this.#nowMs = next.atMs;
      next.wake();
    }
  }
}
