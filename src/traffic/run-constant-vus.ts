import { maxVusOf } from '../plan/timeline.ts';
import { closedIterations } from './closed-iterations.ts';
import type { ExecutorOptions, StartCounts } from './executor.ts';
import { runVu } from './run-vu.ts';
import { startOffsetMs } from './start-offset.ts';
import { StartTally } from './start-tally.ts';

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
