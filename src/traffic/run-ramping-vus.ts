import type { ScenarioOf } from '../plan/scenario-schema.ts';
import { closedIterations } from './closed-iterations.ts';
import type { ExecutorOptions, StartCounts } from './executor.ts';
import { vuSpans } from './ramping-vus.ts';
import { runVu } from './run-vu.ts';
import { StartTally } from './start-tally.ts';

/**
 * Virtual users come and go as the stages say. One that has to go may go on with its iteration for gracefulRampDown; one
 * that comes back is a new one that goes on counting.
 */
export async function runRampingVus(
  options: ExecutorOptions,
  scenario: ScenarioOf<'ramping-vus'>,
): Promise<StartCounts> {
  const { share, lateAfterMs } = options;
  const { scenarioStartMs, firstVu, fromMs, toMs } = share;
  const window = { fromMs: fromMs - scenarioStartMs, toMs: toMs - scenarioStartMs };
  const tally = new StartTally(lateAfterMs);
  await Promise.all(
    share.vus.map(async (vu) => {
      const next = closedIterations(share, vu);
      for (const span of vuSpans(scenario, vu - firstVu, window)) {
        const work = {
          vu,
          fromMs: scenarioStartMs + span.fromMs + span.offsetMs,
          toMs: scenarioStartMs + span.toMs,
          hasNext: () => true,
          next,
        };
        // At the end of the share it is the scenario's gracefulStop that counts.
        const leaves = span.toMs < window.toMs;
        await runVu(options, leaves ? { ...work, graceMs: scenario.gracefulRampDown } : work, tally);
      }
    }),
  );
  return tally.ofUnplanned();
}
