import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { startFleet } from '../../fleet/fleet.ts';
import type { RunContext } from '../../src/run/run-context.ts';
import { readReport } from '../../src/run/run-documents.ts';
import { runInProcess } from '../../src/run/run-in-process.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { testContext } from '../support/run-context.ts';
import { createdRun, reportOfRun } from '../support/whole-run.ts';

/** The generator's rules do not matter here, and a busy machine would break them. */
const LENIENT = { maxEventLoopDelay: '5s', maxStartDelay: '10s', maxCpu: 8, maxMissedStarts: 0.5, maxLateStarts: 1 };

const AUTOSTOP = `
thresholds: { mcp_failures: [{ threshold: "rate<0.5", abortOnFail: true, over: 2s }] }
generator: ${JSON.stringify(LENIENT)}`;

/** Runs three lanes for up to a minute against a fleet that stops once it has answered some calls. */
async function runUntilDown(t: TestContext, context: RunContext) {
  const doomed = await startFleet({ latencyScale: 0 });
  t.after(() => doomed.stop());
  const plan = learnPlan(doomed.servers, { duration: '60s', vus: 3, thinkTime: '50ms', more: AUTOSTOP });
  const runId = await createdRun(context, plan);
  const polling = setInterval(async () => {
    const called = (await doomed.stats()).learn.operations['tools/call:microsoft_docs_search']?.count ?? 0;
    if (called > 60) await doomed.stop();
  }, 100);
  assert.deepEqual(await runInProcess(context, runId).finally(() => clearInterval(polling)), []);
  const record = (await context.store.getRun(runId)) ?? assert.fail();
  const report = (await readReport(context.store, runId)) ?? assert.fail();
  return { record, report, abort: record.abort ?? assert.fail('the run was not aborted') };
}

const sizing = { vusPerLane: 1, ratePerLane: 500, windowMs: 300_000 };

it('aborts all lanes of a run within seconds if its target goes down, and the verdict is a failure', async (t) => {
  const { record, report, abort } = await runUntilDown(t, testContext({ sizing }));
  assert.equal(record.schedule?.lanes, 3);
  const { metric, expression, over, observed, atSeconds } = abort;
  assert.deepEqual({ metric, expression, over }, { metric: 'mcp_failures', expression: 'rate<0.5', over: 2000 });
  assert.ok(observed >= 0.5 && observed <= 1, `observed ${observed}`);
  assert.equal(record.stopRequested, true);

  const { verdict, totals, generator, durationSeconds } = report;
  assert.equal(verdict.status, 'fail');
  assert.match(verdict.reasons[0] ?? '', /^Aborted [\d.]+ s after the start: mcp_failures rate<0.5 over 2 s, observed/);
  // The other lanes read the stop flag within two seconds, and their last calls fail immediately.
  assert.ok(durationSeconds < atSeconds + 4, `aborted at ${atSeconds} s, over at ${durationSeconds} s`);
  assert.ok(durationSeconds < 20, `it took ${durationSeconds} s`);
  assert.deepEqual([generator.slices.committed, generator.slices.planned], [3, 3]);
  assert.ok(totals.useful > 60 && totals.failures > 0);
  assert.equal(Math.round(totals.requests / durationSeconds), Math.round(totals.requestsPerSecond));
});

it('aborts a run of many windows, and does not report windows that had not begun as lost', async (t) => {
  const { record, report } = await runUntilDown(t, testContext({ sizing: { ...sizing, windowMs: 3000 } }));
  assert.equal(record.schedule?.windows, 20);
  assert.equal(report.verdict.status, 'fail', report.verdict.reasons.join(' '));
  assert.ok(report.durationSeconds < 20, `it took ${report.durationSeconds} s`);
  assert.equal(report.generator.slices.lost, 0);
});

it('ends a search for the ceiling in the stage that failed, names the stage before it, and passes', async (t) => {
  const fleet = await startFleet({ latencyScale: 0 });
  t.after(() => fleet.stop());
  const text = JSON.stringify({
    name: 'stairs',
    targets: { learn: { url: fleet.servers.learn.url } },
    scenarios: {
      climb: {
        target: 'learn',
        executor: 'ramping-arrival-rate',
        startRate: 5,
        // One virtual user with iterations of 50 ms makes at most 20 starts a second.
        preAllocatedVUs: 1,
        thinkTimeBefore: { type: 'constant', duration: '50ms' },
        stages: [
          { duration: '3s', target: 5 },
          { duration: '0s', target: 100 },
          { duration: '20s', target: 100 },
          { duration: '20s', target: 200 },
        ],
        steps: [{ tool: 'microsoft_docs_search', arguments: { query: 'anything' } }],
      },
    },
    generator: LENIENT,
    thresholds: { dropped_iterations: [{ threshold: 'rate<0.3', abortOnFail: true, over: 'stage' }] },
  });
  const { ceiling, verdict, durationSeconds, totals } = await reportOfRun(testContext(), text);
  assert.deepEqual(verdict, { status: 'pass', reasons: ['Scenario climb held at 5 starts/s and broke at 100.'] });
  assert.deepEqual(
    ceiling?.stages.map(({ level, held }) => [level, held]),
    [
      [5, true],
      [100, false],
      [200, null],
    ],
  );
  assert.ok((ceiling?.stages[1]?.broken[0]?.observed ?? 0) > 0.5);
  assert.ok(durationSeconds < 15, `it took ${durationSeconds} s`);
  assert.ok(totals.droppedIterations > 50);
});
