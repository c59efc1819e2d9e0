import type { ArrivalScenario } from '../plan/scenario-schema.ts';
import { arrivalSchedule, instantOf, segmentStarts } from './arrival-schedule.ts';
import { type Iteration, type SegmentRun, type StartCounts, StartTally, type VirtualUser } from './executor.ts';

/** A later start is not made: after a stall, or in a slice that begins late, a burst would be load that nobody planned. */
export const LATEST_START_MS = 250;
/** After this many starts without a pause, replies that have arrived are read. */
const STARTED_IN_A_ROW = 200;
const BREATH_MS = 1;
/**
 * Starts this far apart, milliseconds, are made within microseconds of their instants, which costs a fifth of a processor
 * at most. Closer ones are made at the nearest millisecond: hitting each instant would take a whole processor, and starts
 * that are always late would add to every latency.
 */
const FINE_FROM_MS = 5;

/**
 * An open model: iterations start at their instants, whether or not earlier ones are done. A start that finds no virtual
 * user free is dropped. One that would come too late is dropped too, and the generator has missed it. Resolves when the
 * last iteration has finished and all virtual users have ended.
 */
export async function runArrival(run: SegmentRun, scenario: ArrivalScenario): Promise<StartCounts> {
  const { segment, clock, stopping } = run;
  const schedule = arrivalSchedule(scenario);
  const { first, end, step } = segmentStarts(schedule, segment);
  const tally = new StartTally(run);
  const broken = Promise.withResolvers<never>();
  const breaks = new AbortController();
  const over = AbortSignal.any([stopping, breaks.signal]);
  const pool = new VuPool(run, scenario, (error) => {
    breaks.abort();
    broken.reject(error);
  });

  /** Makes or drops all starts in their order; makes none once it is over. */
  async function makeStarts(): Promise<void> {
    let startedInARow = 0;
    for (let k = first; k < end; k += step) {
      const intendedMs = segment.scenarioStartMs + instantOf(schedule, k);
      let nowMs = clock.now();
      startedInARow++;
      if (nowMs < intendedMs || startedInARow > STARTED_IN_A_ROW) {
        const untilMs = Math.max(intendedMs, startedInARow > STARTED_IN_A_ROW ? nowMs + BREATH_MS : 0);
        await clock.sleepUntil(untilMs, over, untilMs - nowMs < FINE_FROM_MS ? 'nearest' : 'fine');
        nowMs = clock.now();
        startedInARow = 0;
      }
      // Whoever takes the slice over makes the starts from then on; those that are due now are not ours to drop either.
      if (!run.gate.allows(nowMs)) return;
      const lagMs = nowMs - intendedMs;
      const tooLate = lagMs > LATEST_START_MS;
      if (over.aborted && !tooLate) return;
      const iteration = { number: k, ordinal: k, intendedMs };
      if (!tooLate && pool.begin(iteration)) {
        tally.start(lagMs);
        continue;
      }
      if (tooLate) tally.miss();
      else tally.drop();
      run.onDropped(iteration);
    }
  }

  await Promise.race([makeStarts().then(() => pool.end()), broken.promise]);
  return tally.ofPlanned();
}

/** One virtual user of the pool, with the callback that runs at the end of each of its iterations. */
type Worker = { readonly vu: VirtualUser; readonly free: () => void };

/** The virtual users of a segment. They take starts in turn: the one that has been free longest takes the next. */
class VuPool {
  readonly #run: SegmentRun;
  readonly #onBroken: (error: unknown) => void;
  /** A ring buffer of those that are free. */
  readonly #free: (Worker | undefined)[];
  #head = 0;
  #freeCount = 0;
  #made = 0;
  #closing = false;
  readonly #endings: Promise<void>[] = [];
  readonly #allEnded = Promise.withResolvers<void>();

  /**
   * Makes the segment's pre-allocated virtual users; further ones are made when all are busy.
   * @param onBroken called when an iteration rejects, which is a bug of ours
   */
  constructor(run: SegmentRun, { preAllocatedVUs }: ArrivalScenario, onBroken: (error: unknown) => void) {
    const { vus, firstVu } = run.segment;
    this.#run = run;
    this.#onBroken = onBroken;
    this.#free = new Array(vus.length).fill(undefined);
    for (const vu of vus) if (vu - firstVu < preAllocatedVUs) this.#release(this.#make());
  }

  /** Lets a free virtual user run the iteration. @returns false when none is free and no more may be made */
  begin(iteration: Iteration): boolean {
    if (this.#freeCount === 0 && this.#made === this.#free.length) return false;
    const worker = this.#freeCount > 0 ? this.#takeFree() : this.#make();
    this.#run.onActive(1);
    worker.vu.iterate(iteration).then(worker.free, this.#onBroken);
    return true;
  }

  /** Ends all virtual users, each as soon as it is free. Resolves when all have ended. */
  async end(): Promise<void> {
    this.#closing = true;
    if (this.#made === 0) return;
    while (this.#freeCount > 0) this.#finish(this.#takeFree());
    await this.#allEnded.promise;
    await Promise.all(this.#endings);
  }

  #make(): Worker {
    const worker: Worker = {
      vu: this.#run.newVu(this.#run.segment.vus[this.#made] as number),
      free: () => {
        this.#run.onActive(-1);
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
