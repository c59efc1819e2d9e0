import type { ScenarioSegment } from '../plan/slices.ts';
import type { Clock } from './clock.ts';

/** One start that an executor makes. */
export type Iteration = {
  /** The virtual user's own count in closed executors, the scenario's count of starts in all others; from 0. */
  readonly number: number;
  /**
   * The iteration's place among all of the scenario, the same whatever the number of lanes: what it draws, and its row of
   * sequential feeds, hang on it.
   */
  readonly ordinal: number;
  /** Epoch milliseconds at which it was to start; undefined where the virtual users set the pace. */
  readonly intendedMs: number | undefined;
};

/** What an executor drives. */
export type VirtualUser = {
  /**
   * Runs one iteration; failures of the target are data, so this rejects only for bugs of ours. Where a scenario only
   * holds sessions open it resolves once the session is open, and the executor asks for no second one.
   */
  iterate(iteration: Iteration): Promise<void>;
  /** Draws the milliseconds to pause after an iteration; for executors in which virtual users set the pace. */
  think(): number;
  /** Ends the iteration under way at once, if there is one; its requests become CLIENT_ABORT. */
  interrupt(): void;
  /** Ends what the virtual user holds open. Nothing is asked of it afterwards: one that comes back is made anew. */
  end(): Promise<void>;
};

export type ExecutorOptions = {
  readonly share: ScenarioSegment;
  /** Makes a virtual user. @param vu its number in the run */
  readonly newVu: (vu: number) => VirtualUser;
  readonly clock: Clock;
  /** When it aborts, no further iteration begins; what is under way may end by itself. */
  readonly stopping: AbortSignal;
  /** A start that comes later than this after its instant is late, milliseconds. */
  readonly lateAfterMs: number;
  /** Told of every change in the number of virtual users at work. */
  readonly onActive: (change: 1 | -1) => void;
  /** Hears of each iteration that could not begin: no virtual user was free, or time ran out. */
  readonly onDropped: (iteration: Iteration) => void;
};

/** What became of the starts of one scenario in one slice. */
export type StartCounts = {
  /** Undefined where virtual users set the pace, so that no number of starts is planned. */
  readonly planned: number | undefined;
  readonly started: number;
  readonly dropped: number;
  /** Starts that came later than `lateAfterMs`. */
  readonly late: number;
  /** Intended to actual start, the longest. */
  readonly maxLagMs: number;
};

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

/** One virtual user at work without a break. */
export type VuWork = {
  /** Its number in the run. */
  readonly vu: number;
  /** Epoch milliseconds between which it begins iterations. */
  readonly fromMs: number;
  readonly toMs: number;
  /** How long after `toMs` it may go on with its iteration, milliseconds; undefined when others see to that. */
  readonly graceMs?: number;
  /** True while there is an iteration for it to begin. */
  readonly hasNext: () => boolean;
  readonly next: () => Iteration;
};

/** An iteration over sooner than this cannot have asked the network anything. */
const NO_TIME_MS = 0.02;
/** The pause after it, so that a virtual user who is refused on the spot leaves the event loop to the others. */
const BREATH_MS = 1;

/**
 * A closed model: the virtual user calls, thinks and calls again until its time or its iterations are over. Resolves when
 * it has finished the last iteration and ended. It is made only once it begins.
 */
export async function runVu(options: ExecutorOptions, work: VuWork, tally: StartTally): Promise<void> {
  const { clock, stopping, share } = options;
  const { fromMs, toMs, hasNext, next } = work;
  const mayBegin = () => hasNext() && clock.now() < toMs && !stopping.aborted;
  await clock.sleepUntil(Math.min(toMs, fromMs), stopping);
  if (!mayBegin()) return;
  const vu = options.newVu(work.vu);
  options.onActive(1);
  const over = new AbortController();
  const limit = work.graceMs === undefined ? undefined : clock.sleepUntil(toMs + work.graceMs, over.signal);
  const interrupted = limit?.then(() => over.signal.aborted || vu.interrupt());
  const { steps, sessions } = share.scenario;
  const holds = steps.length === 0 && sessions.reuse === 'vu';
  while (mayBegin()) {
    const beganMs = clock.now();
    tally.start(0);
    await vu.iterate(next());
    if (!hasNext()) break;
    const leastMs = clock.now() - beganMs < NO_TIME_MS ? BREATH_MS : 0;
    const pauseMs = holds ? Number.POSITIVE_INFINITY : Math.max(vu.think(), leastMs);
    if (pauseMs > 0) await clock.sleepUntil(Math.min(toMs, clock.now() + pauseMs), stopping);
  }
  over.abort();
  await interrupted;
  options.onActive(-1);
  await vu.end();
}
