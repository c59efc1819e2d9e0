import { createHash } from 'node:crypto';

/**
 * Faults and delays of the platform that the host makes on request. Without them, messages take no time, timers fire on
 * time, and nothing is delivered twice.
 */
export type Faults = {
  /** Seed of everything that is drawn. Default: 1. */
  readonly seed?: number;
  /**
   * For this long after a worker's exit the host has no worker, and what becomes due fails: an orchestration fails for
   * good. On Azure these are a few milliseconds. Default: 0, so that only what was in flight is lost.
   */
  readonly workerGapMs?: number;
  /**
   * The longest time that a message to an orchestration takes, drawn evenly from 0. Without it, everything that a
   * worker's exit brings about becomes due in the gap, parents included. Default: 0.
   */
  readonly messageDelayMs?: number;
};

/**
 * Numbers that are drawn evenly from 0 up to, but not including, 1. Every kind of draw has a sequence of its own, which
 * depends on nothing but the seed, so that a fault is met again as long as things happen in the same order.
 */
export class Draws {
  readonly #seed: number;
  readonly #drawn = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  next(kind: string): number {
    const index = (this.#drawn.get(kind) ?? 0) + 1;
    this.#drawn.set(kind, index);
    const digest = createHash('sha1').update(`${this.#seed} ${kind} ${index}`).digest();
    return digest.readUInt32BE(0) / 2 ** 32;
  }
}
