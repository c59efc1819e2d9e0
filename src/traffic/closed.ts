import type { ScenarioOf } from '../plan/scenario-schema.ts';
import { dropIterations } from './drop-iterations.ts';
import type { ExecutorOptions, StartCounts } from './executor.ts';
import { runVu } from './run-vu.ts';
import { startOffsetMs } from './start-offset.ts';
import { StartTally } from './start-tally.ts';

/**
 * The share's iterations, each done by whichever of its virtual users is free; those not begun when time is over are
 * dropped, as in k6.
 */
export async function runSharedIterations(
  options: ExecutorOptions,
  { iterations, vus }: ScenarioOf<'shared-iterations'>,
): Promise<StartCounts> {
  const { share, lateAfterMs, stopping } = options;
  const { firstVu, toMs, part, parts } = share;
  const tally = new StartTally(lateAfterMs);
  let upcoming = part;
  const hasNext = () => upcoming < iterations;
  const next = () => {
    const number = upcoming;
    upcoming += parts;
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
