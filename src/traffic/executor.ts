import type { ScenarioSegment } from '../plan/slices.ts';
import type { CutOutcome } from '../sample/outcome.ts';
import type { Clock } from './clock.ts';
import type { LoadGate } from './fence.ts';

/** A scenario segment at work, as its executor sees it. Made once for each segment of a slice, and passed on whole. */
export type SegmentRun = {
  readonly segment: ScenarioSegment;
  readonly clock: Clock;
  /** When it aborts, no further iteration begins; iterations in progress may finish. */
  readonly stopping: AbortSignal;
  /** Asked before every start. Once it refuses one, `stopping` is aborted too. */
  readonly gate: LoadGate;
  /** A start that comes later than this after its instant is late, milliseconds. */
  readonly lateAfterMs: number;
  /** Makes a virtual user. @param vu its number in the run */
  newVu(vu: number): VirtualUser;
  /**
   * Ends all waiting of the segment's virtual users; their requests in flight get the outcome. Can be called again, for
   * requests that began since.
   */
  abort(reason: string, outcome: CutOutcome): void;
  /** Called at every change in the number of virtual users at work. */
  onActive(change: 1 | -1): void;
  /** Called for each iteration that could not begin: no virtual user was free, it was too late, or time ran out. */
  onDropped(iteration: Iteration): void;
};

/** The outcome of requests that are still open when a grace period ends: by itself, or shortened by a stop. */
export function cutOutcome({ stopping }: Pick<SegmentRun, 'stopping'>): CutOutcome {
  return stopping.aborted ? 'CLIENT_ABORT' : 'TMO_GRACEFUL_STOP';
}

/** One start that an executor makes. */
export type Iteration = {
  /** The virtual user's own count in executors where virtual users set the pace, else the scenario's count; from 0. */
  readonly number: number;
  /**
   * The iteration's number within its scenario, the same for any number of lanes. It decides what the iteration draws, and
   * its row of sequential feeds.
   */
  readonly ordinal: number;
  /** Intended start, epoch milliseconds; undefined where virtual users set the pace. */
  readonly intendedMs: number | undefined;
};

/** What an executor drives. */
export type VirtualUser = {
  /**
   * Runs one iteration. Failures of the target are data, so this rejects only for bugs of ours. Where a scenario only
   * holds sessions open it resolves once the session is open, and the executor asks for no second iteration.
   */
  iterate(iteration: Iteration): Promise<void>;
  /** True once a feed has no rows left for the virtual user: it can begin no further iteration. */
  readonly done: boolean;
  /** Draws the pause after an iteration, milliseconds; for executors in which virtual users set the pace. */
  think(): number;
  /** Ends the iteration in progress immediately, if there is one; its requests get the outcome. */
  interrupt(outcome: CutOutcome): void;
  /** Ends what the virtual user holds open. It is not used again afterwards. */
  end(): Promise<void>;
};

/** What became of the starts of one scenario in one slice. */
export type StartCounts = {
  /** Undefined where virtual users set the pace, so that no number of starts is planned. */
  readonly planned: number | undefined;
  readonly started: number;
  readonly dropped: number;
  /** Starts that came later than `lateAfterMs`. */
  readonly late: number;
  /** The longest time from an intended to its actual start. */
  readonly maxLagMs: number;
};

/** Counts what becomes of a segment's starts. */
export class StartTally {
  readonly #lateAfterMs: number;
  #started = 0;
  #dropped = 0;
  #missed = 0;
  #late = 0;
  #maxLagMs = 0;

  constructor({ lateAfterMs }: Pick<SegmentRun, 'lateAfterMs'>) {
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

  /** Counts a start that the generator was too late for. It is planned, and neither made nor dropped. */
  miss(): void {
    this.#missed++;
  }

  /** The counts where every start that was due has been made, dropped or missed. */
  ofPlanned(): StartCounts {
    return { ...this.ofUnplanned(), planned: this.#started + this.#dropped + this.#missed };
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
