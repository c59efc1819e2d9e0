import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFleet } from '../../fleet/fleet.ts';
import { createRun } from '../../src/run/create-run.ts';
import type { RunContext } from '../../src/run/run-context.ts';
import { readReport } from '../../src/run/run-documents.ts';
import { runInProcess } from '../../src/run/run-in-process.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { testContext } from '../support/run-context.ts';

/** What a busy machine does to the generator is not what these tests are about. */
const LENIENT = { maxEventLoopDelay: '5s', maxStartDelay: '10s', maxCpu: 8, maxMissedStarts: 0.5, maxLateStarts: 1 };

const AUTOSTOP = `
thresholds: { mcp_failures: [{ threshold: "rate<0.5", abortOnFail: true, over: 2s }] }
generator: ${JSON.stringify(LENIENT)}`;

/** Runs three lanes for up to a minute against a fleet that goes down once it has answered some calls. */
async function runUntilDown(context: RunContext) {
  const doomed = await startFleet({ latencyScale: 0 });
  const plan = learnPlan(doomed.servers, { duration: '60s', vus: 3, thinkTime: '50ms', more: AUTOSTOP });
  const created = await createRun(context, { text: plan, trigger: 'command' });
  assert.ok(created.outcome === 'created', JSON.stringify(created));
  const { runId } = created.record;
  const looking = setInterval(async () => {
    const called = (await doomed.stats()).learn.operations['tools/call:microsoft_docs_search']?.count ?? 0;
    if (called > 60) await doomed.stop();
  }, 100);
  assert.deepEqual(await runInProcess(context, runId).finally(() => clearInterval(looking)), []);
  const record = (await context.store.getRun(runId)) ?? assert.fail();
  const report = (await readReport(context.store, runId)) ?? assert.fail();
  return { record, report, abort: record.abort ?? assert.fail('the run did not end itself') };
}

const sizing = { vusPerLane: 1, ratePerLane: 500, windowMs: 300_000 };

test('autostop: a run whose target is down ends within seconds, in all its lanes, and has failed', async () => {
  const { record, report, abort } = await runUntilDown(testContext({ sizing }));
  assert.equal(record.schedule?.lanes, 3);
  const { metric, expression, over, observed, atSeconds } = abort;
  assert.deepEqual({ metric, expression, over }, { metric: 'mcp_failures', expression: 'rate<0.5', over: 2000 });
  assert.ok(observed >= 0.5 && observed <= 1, `observed ${observed}`);
  assert.equal(record.stopRequested, true);

  const { verdict, totals, generator, durationSeconds } = report;
  assert.equal(verdict.status, 'fail');
  assert.match(verdict.reasons[0] ?? '', /^Aborted [\d.]+ s after the start: mcp_failures rate<0.5 over 2 s, observed/);
  // The other lanes look within two seconds, and their last calls fail at once.
  assert.ok(durationSeconds < atSeconds + 4, `aborted at ${atSeconds} s, over at ${durationSeconds} s`);
  assert.ok(durationSeconds < 20, `it took ${durationSeconds} s`);
  assert.deepEqual([generator.slices.committed, generator.slices.planned], [3, 3]);
  assert.ok(totals.useful > 60 && totals.failures > 0);
  assert.equal(Math.round(totals.requests / durationSeconds), Math.round(totals.requestsPerSecond));
});

test('a run of many windows is ended in whichever it is, and those that had not begun are not missed', async () => {
  const { record, report } = await runUntilDown(testContext({ sizing: { ...sizing, windowMs: 3000 } }));
  assert.equal(record.schedule?.windows, 20);
  assert.equal(report.verdict.status, 'fail', report.verdict.reasons.join(' '));
  assert.ok(report.durationSeconds < 20, `it took ${report.durationSeconds} s`);
  assert.equal(report.generator.slices.lost, 0);
});

test('a search for the ceiling ends in the stage that broke, names the one before, and is no failure', async () => {
  const fleet = await startFleet({ latencyScale: 0 });
  try {
    const text = JSON.stringify({
      name: 'stairs',
      targets: { learn: { url: fleet.servers.learn.url } },
      scenarios: {
        climb: {
          target: 'learn',
          executor: 'ramping-arrival-rate',
          startRate: 5,
          // One virtual user that takes a twentieth of a second makes 20 starts a second at most.
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
    const context = testContext();
    const created = await createRun(context, { text, trigger: 'command' });
    assert.ok(created.outcome === 'created', JSON.stringify(created));
    assert.deepEqual(await runInProcess(context, created.record.runId), []);
    const { ceiling, verdict, durationSeconds, totals } =
      (await readReport(context.store, created.record.runId)) ?? assert.fail();
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
  } finally {
    await fleet.stop();
  }
});
