import type { ArrivalScenario } from '../plan/scenario-schema.ts';
import { arrivalSchedule, instantOf, segmentStarts } from './arrival-schedule.ts';
import { type ExecutorOptions, type Iteration, type StartCounts, StartTally, type VirtualUser } from './executor.ts';

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

/** So many are dropped before others get their turn of the event loop, and those that store them. */
const DROPPED_IN_A_ROW = 5000;
const YIELD_MS = 1;

/** Drops iterations that time ran out for, however many. */
export async function dropIterations(
  { onDropped, clock }: ExecutorOptions,
  iterations: { readonly hasNext: () => boolean; readonly next: () => Iteration },
  tally: StartTally,
): Promise<void> {
  for (let dropped = 1; iterations.hasNext(); dropped++) {
    tally.drop();
    onDropped(iterations.next());
    if (dropped % DROPPED_IN_A_ROW === 0) await clock.sleepUntil(clock.now() + YIELD_MS);
  }
}

/** A start this late is not made: after a stall, or in a slice that took over, a burst would be load that nobody planned. */
const LATEST_START_MS = 1000;
/** So many starts come without a pause before replies that have arrived are read. */
const STARTED_IN_A_ROW = 200;
const BREATH_MS = 1;
/**
 * Starts this many milliseconds apart are made within microseconds, which costs a fifth of a processor at most. Closer
 * ones are made at the nearest millisecond: to hit each would take a processor of its own, and to be always late would be
 * in every latency.
 */
const FINE_FROM_MS = 5;

/**
 * An open model: iterations start at their instants, whether or not earlier ones are done. A start that finds no virtual
 * user free, or comes too late, is dropped. Resolves when the last iteration has finished and all have ended.
 */
export async function runArrival(options: ExecutorOptions, scenario: ArrivalScenario): Promise<StartCounts> {
  const { share, clock, stopping, onDropped } = options;
  const { scenarioStartMs, firstVu, vus } = share;
  const schedule = arrivalSchedule(scenario);
  const { first, end, step } = segmentStarts(schedule, share);
  const tally = new StartTally(options.lateAfterMs);
  const broken = Promise.withResolvers<never>();
  const breaks = new AbortController();
  const over = AbortSignal.any([stopping, breaks.signal]);
  const pool = new VuPool({
    vus,
    preAllocated: vus.filter((vu) => vu - firstVu < scenario.preAllocatedVUs).length,
    newVu: options.newVu,
    onActive: options.onActive,
    onBroken: (error) => {
      breaks.abort();
      broken.reject(error);
    },
  });

  /** Makes or drops all starts in their order; none is made once it is over. */
  async function makeStarts(): Promise<void> {
    let atOnce = 0;
    for (let k = first; k < end; k += step) {
      const intendedMs = scenarioStartMs + instantOf(schedule, k);
      let nowMs = clock.now();
      atOnce++;
      if (nowMs < intendedMs || atOnce > STARTED_IN_A_ROW) {
        const untilMs = Math.max(intendedMs, atOnce > STARTED_IN_A_ROW ? nowMs + BREATH_MS : 0);
        await clock.sleepUntil(untilMs, over, untilMs - nowMs < FINE_FROM_MS ? 'nearest' : 'fine');
        nowMs = clock.now();
        atOnce = 0;
      }
      const lagMs = nowMs - intendedMs;
      const tooLate = lagMs > LATEST_START_MS;
      if (over.aborted && !tooLate) return;
      const iteration = { number: k, ordinal: k, intendedMs };
      if (!tooLate && pool.begin(iteration)) tally.start(lagMs);
      else {
        tally.drop();
        onDropped(iteration);
      }
    }
  }

  await Promise.race([makeStarts().then(() => pool.end()), broken.promise]);
  return tally.ofPlanned();
}
