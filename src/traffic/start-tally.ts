import type { StartCounts } from './executor.ts';

/** Counts what becomes of a share's starts. */
export class StartTally {
  readonly #lateAfterMs: number;
  #started = 0;
  #dropped = 0;
  #late = 0;
  #maxLagMs = 0;

  /** @param lateAfterMs a start that comes later than this after its instant is late, milliseconds */
  constructor(lateAfterMs: number) {
    this.#lateAfterMs = lateAfterMs;
  }

  /** @param lagMs from the intended to the actual start; 0 where virtual users set the pace */
  start(lagMs: number): void {
    this.#started++;
    if (lagMs > this.#lateAfterMs) this.#late++;
    if (lagMs > this.#maxLagMs) this.#maxLagMs = lagMs;
  }

  drop(): void {
    this.#dropped++;
  }

  /** The counts where all starts that were due have been made or dropped. */
  ofPlanned(): StartCounts {
    return { ...this.ofUnplanned(), planned: this.#started + this.#dropped };
  }

  /** The counts where virtual users set the pace. */
  ofUnplanned(): StartCounts {
    return {
      planned: undefined,
      started: this.#started,
      dropped: this.#dropped,
      late: this.#late,
      maxLagMs: this.#maxLagMs,
    };
  }
}
