import { createRun } from '../../src/run/create-run.ts';
import { readReport } from '../../src/run/run-documents.ts';
import { runInProcess } from '../../src/run/run-in-process.ts';
import { planText } from '../support/a-plan.ts';
import { testContext } from '../support/run-context.ts';
import { RISE_SECONDS, SECONDS } from './seconds.ts';

// `make-run.ts PORT RATE`, in a process of its own, as a run has: the test runner's own hooks on every promise would be
// in its figures. Sends its parent the report.

const [port, rate] = process.argv.slice(2).map(Number) as [number, number];
const { policy } = testContext();
const context = testContext({
  sizing: { vusPerLane: 100_000, ratePerLane: 100_000, windowMs: 300_000 },
  policy: { ...policy, maxVus: 100_000 },
});
const created = await createRun(context, { text: planOf(), trigger: 'command' });
if (created.outcome !== 'created') throw new Error(JSON.stringify(created));
const { runId } = created.record;
const problems = await runInProcess(context, runId);
if (problems.length > 0) throw new Error(problems.join(' '));
process.send?.(await readReport(context.store, runId));
process.disconnect?.();

/**
 * Rules so strict that a generator that keeps them is as exact as the test demands. The more of a core a run takes, the more
 * do not only its latest starts and answers wait for their turn, but the median ones too.
 */
function planOf(): string {
  return planText({
    target: { url: `http://127.0.0.1:${port}/mcp`, maxConnections: 4000 },
    scenario: {
      executor: 'ramping-arrival-rate',
      vus: undefined,
      duration: undefined,
      stages: [
        { duration: `${RISE_SECONDS}s`, target: rate },
        { duration: `${SECONDS}s`, target: rate },
      ],
      preAllocatedVUs: Math.ceil(rate * 0.2),
      maxVUs: Math.ceil(rate * 0.6) + 20,
    },
    plan: {
      warmUp: `${RISE_SECONDS}s`,
      thresholds: { useful_rate: ['rate==1'], dropped_iterations: ['count==0'] },
      generator: { maxEventLoopDelay: '5ms', lateAfter: rate > 1000 ? '2ms' : '5ms', maxLateStarts: 0.01 },
    },
  });
}
