import type { Clock } from '../../src/traffic/clock.ts';

type Sleeper = { readonly atMs: number; readonly wake: () => void };

/**
 * A clock whose time stands still while code runs, and jumps to the next sleeper's instant when run() finds nothing else to
 * do. So hours pass in milliseconds, and every run is the same.
 */
export class VirtualClock implements Clock {
  readonly #sleepers = new Set<Sleeper>();
  readonly #oversleepMs: number;
  #nowMs: number;

  /** @param oversleepMs how much later than asked every sleeper wakes */
  constructor(nowMs: number, oversleepMs = 0) {
    this.#nowMs = nowMs;
    this.#oversleepMs = oversleepMs;
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

  /** How many sleep on this clock. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Moves the time and wakes the sleepers that are due. For work that also waits for something other than this clock. */
  advance(ms: number): void {
    this.#nowMs += ms;
    for (const sleeper of [...this.#sleepers]) if (sleeper.atMs <= this.#nowMs) sleeper.wake();
  }

  /** Lets time pass until the work is done. @throws when the work waits for something other than this clock */
  async run<Result>(work: Promise<Result>): Promise<Result> {
    const settled = { done: false };
    const watched = work.finally(() => {
      settled.done = true;
    });
    // The caller receives the rejection from the return below.
    watched.catch(() => undefined);
    while (true) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (settled.done) return watched;
      const next = [...this.#sleepers].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) throw new Error(`Nobody sleeps at ${this.#nowMs} ms, and the work is not done.`);
      this.#nowMs = Math.max(this.#nowMs, next.atMs + this.#oversleepMs);
      next.wake();
    }
  }
}
