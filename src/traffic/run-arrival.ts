import type { ArrivalScenario } from '../plan/scenario-schema.ts';
import { VuPool } from './arrival-rate.ts';
import { arrivalSchedule, instantOf } from './arrival-schedule.ts';
import type { ExecutorOptions, StartCounts } from './executor.ts';
import { shareStarts } from './share-starts.ts';
import { StartTally } from './start-tally.ts';

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
  const { first, end, step } = shareStarts(schedule, share);
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
