import { type Clock, type Precision, systemClock } from '../../src/traffic/clock.ts';

/** How much slower its time passes while it waits. It does not stand still, so that pauses end and nothing waits for ever. */
const SLOWER = 20;
/** How long it sleeps at most before it looks again how its time passes. */
const NAP_MS = 10;

/**
 * The machine's clock, except that from one instant on its time passes slowly until something has happened. On a busy
 * machine, a run then takes longer instead of showing something else.
 */
export class PatientClock implements Clock {
  /** How much more time has passed on the machine's clock. */
  #behindMs = 0;
  #fromMs = Number.POSITIVE_INFINITY;
  #hasHappened: () => boolean = () => true;

  /** Sets the instant, and what it waits for from then on. */
  waitAt(fromMs: number, hasHappened: () => boolean): void {
    this.#fromMs = fromMs;
    this.#hasHappened = hasHappened;
  }

  // A property, because it is also called without its clock.
  readonly now = (): number => {
    const quickMs = systemClock.now() - this.#behindMs;
    if (quickMs <= this.#fromMs) return quickMs;
    const nowMs = this.#fromMs + (quickMs - this.#fromMs) / SLOWER;
    if (this.#hasHappened()) {
      this.#behindMs += quickMs - nowMs;
      this.#fromMs = Number.POSITIVE_INFINITY;
    }
    return nowMs;
  };

  async sleepUntil(atMs: number, signal?: AbortSignal, precision?: Precision): Promise<void> {
    for (let leftMs = atMs - this.now(); leftMs > 0 && !signal?.aborted; leftMs = atMs - this.now()) {
      await systemClock.sleepUntil(systemClock.now() + Math.min(leftMs, NAP_MS), signal, precision);
    }
  }
}
