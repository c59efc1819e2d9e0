import type { ScenarioOf } from '../plan/scenario-schema.ts';
import { closedIterations } from './closed-iterations.ts';
import { dropIterations } from './drop-iterations.ts';
import type { ExecutorOptions, StartCounts } from './executor.ts';
import { runVu } from './run-vu.ts';
import { startOffsetMs } from './start-offset.ts';
import { StartTally } from './start-tally.ts';

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
