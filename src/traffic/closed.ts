import type { ScenarioOf } from '../plan/scenario-schema.ts';
import type { ScenarioSegment } from '../plan/slices.ts';
import { maxVusOf } from '../plan/timeline.ts';
import { dropIterations } from './arrival-rate.ts';
import { type ExecutorOptions, type Iteration, runVu, type StartCounts, StartTally } from './executor.ts';

/**
 * The iterations of one virtual user that counts its own. Their ordinals interleave those of all virtual users of the
 * scenario, so that no two are the same.
 * @param vu its number in the run
 */
export function closedIterations({ scenario, firstVu }: ScenarioSegment, vu: number): () => Iteration {
  const place = vu - firstVu;
  const all = maxVusOf(scenario);
  let number = -1;
  return () => {
    number++;
    return { number, ordinal: number * all + place, intendedMs: undefined };
  };
}

/** Virtual users begin this far apart, or closer when that would take longer than a second in all. */
const STEP_MS = 20;
const SPREAD_MS = 1000;

/**
 * How long after the start of the load a virtual user begins. All of them in the same instant would measure a crowd that
 * only the generator makes, on the target and in our own event loop; agents do not come like that.
 * @param vu the virtual user's number in the run, from 0
 * @param vus how many virtual users the run has
 */
export function startOffsetMs(vu: number, vus: number): number {
  return vu * Math.min(STEP_MS, SPREAD_MS / vus);
}

/** Every virtual user works from the start, after its offset, until the end. */
export async function runConstantVus(options: ExecutorOptions): Promise<StartCounts> {
  const { share, lateAfterMs } = options;
  const { scenario, firstVu, toMs } = share;
  const all = maxVusOf(scenario);
  const tally = new StartTally(lateAfterMs);
  await Promise.all(
    share.vus.map((vu) => {
      const fromMs = share.fromMs + startOffsetMs(vu - firstVu, all);
      return runVu(options, { vu, fromMs, toMs, hasNext: () => true, next: closedIterations(share, vu) }, tally);
    }),
  );
  return tally.ofUnplanned();
}

/** Every virtual user does its iterations; those it has not begun when time is over are dropped, as in k6. */
export async function runPerVuIterations(
  options: ExecutorOptions,
  { iterations, vus }: ScenarioOf<'per-vu-iterations'>,
): Promise<StartCounts> {
  const { share, lateAfterMs, stopping } = options;
  const { firstVu, toMs } = share;
  const tally = new StartTally(lateAfterMs);
  await Promise.all(
    share.vus.map(async (vu) => {
      const fromMs = share.fromMs + startOffsetMs(vu - firstVu, vus);
      const take = closedIterations(share, vu);
      let left = iterations;
      const next = () => {
        left--;
        return take();
      };
      const hasNext = () => left > 0;
      await runVu(options, { vu, fromMs, toMs, hasNext, next }, tally);
      if (!stopping.aborted) await dropIterations(options, { hasNext, next }, tally);
    }),
  );
  return tally.ofPlanned();
}

/**
 * The share's iterations, each done by whichever of its virtual users is free; those not begun when time is over are
 * dropped, as in k6.
 */
export async function runSharedIterations(
  options: ExecutorOptions,
  { iterations, vus }: ScenarioOf<'shared-iterations'>,
): Promise<StartCounts> {
  const { share, lateAfterMs, stopping } = options;
  const { firstVu, toMs, laneIndex, laneCount } = share;
  const tally = new StartTally(lateAfterMs);
  let upcoming = laneIndex;
  const hasNext = () => upcoming < iterations;
  const next = () => {
    const number = upcoming;
    upcoming += laneCount;
    return { number, ordinal: number, intendedMs: undefined };
  };
  await Promise.all(
    share.vus.map((vu) => {
      const fromMs = share.fromMs + startOffsetMs(vu - firstVu, vus);
      return runVu(options, { vu, fromMs, toMs, hasNext, next }, tally);
    }),
  );
  if (!stopping.aborted) await dropIterations(options, { hasNext, next }, tally);
  return tally.ofPlanned();
}
