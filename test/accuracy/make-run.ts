import { createRun } from '../../src/run/create-run.ts';
import { readReport } from '../../src/run/run-documents.ts';
import { runInProcess } from '../../src/run/run-in-process.ts';
import { planText } from '../support/a-plan.ts';
import { testContext } from '../support/run-context.ts';

// `make-run.ts PORT RATE RISE_SECONDS SECONDS` makes a run and sends the report to its parent process. It is a process of
// its own because the test runner's hooks on every promise would be in the figures.

const [port, rate, riseSeconds, seconds] = process.argv.slice(2).map(Number) as [number, number, number, number];
const { policy } = testContext();
const context = testContext({
  sizing: { vusPerLane: 100_000, ratePerLane: 100_000, windowMs: 300_000 },
  policy: { ...policy, maxVus: 100_000 },
});
const created = await createRun(context, { text: planOf(), trigger: 'command' });
if (created.outcome !== 'created') throw new Error(JSON.stringify(created));
const { runId } = created.record;
const problems = await runInProcess(context, runId);
if (problems.length > 0) throw new Error(JSON.stringify(problems));
process.send?.(await readReport(context.store, runId));
process.disconnect?.();

/**
 * A plan whose rules are so strict that a generator within them is as exact as the test demands. They are stricter at high
 * rates: the more of a core a run takes, the later its median starts and answers are, and not only its latest.
 */
function planOf(): string {
  return planText({
    target: { url: `http://127.0.0.1:${port}/mcp`, maxConnections: 4000 },
    scenario: {
      executor: 'ramping-arrival-rate',
      vus: undefined,
      duration: undefined,
      stages: [
        { duration: `${riseSeconds}s`, target: rate },
        { duration: `${seconds}s`, target: rate },
      ],
      preAllocatedVUs: Math.ceil(rate * 0.2),
      maxVUs: Math.ceil(rate * 0.6) + 20,
    },
    plan: {
      warmUp: `${riseSeconds}s`,
      thresholds: { useful_rate: ['rate==1'], dropped_iterations: ['count==0'] },
      generator: {
        maxEventLoopDelay: '5ms',
        lateAfter: rate > 1000 ? '2ms' : '5ms',
        maxLateStarts: 0.01,
        delayShare: 0,
      },
    },
  });
}
