import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startFleet } from '../../fleet/fleet.ts';
import { conclude } from '../../src/run/conclude.ts';
import { createRun } from '../../src/run/create-run.ts';
import { preflight } from '../../src/run/preflight.ts';
import { readReport } from '../../src/run/run-documents.ts';
import { runSlice } from '../../src/run/run-slice.ts';
import { systemClock } from '../../src/traffic/clock.ts';
import { planText } from '../support/a-plan.ts';
import { testContext } from '../support/run-context.ts';

const steps = [{ tool: 'microsoft_docs_search', arguments: { query: 'x' } }];
const scenarios = {
  counted: { target: 'web', executor: 'per-vu-iterations', vus: 1, iterations: 5, maxDuration: '4s', steps },
  rate: { target: 'web', executor: 'constant-arrival-rate', rate: 10, duration: '4s', preAllocatedVUs: 5, steps },
};

it('a slice that takes over from a dead one makes the starts that are left, and no iteration twice', async () => {
  const fleet = await startFleet({ latencyScale: 0 });
  try {
    let laterMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + laterMs };
    const context = testContext({ clock });
    const text = planText({ target: { url: fleet.servers.learn.url }, plan: { scenarios } });
    const created = await createRun(context, { text, trigger: 'command' });
    assert.ok(created.outcome === 'created', JSON.stringify(created));
    const { runId } = created.record;
    await preflight(context, runId, 'p');
    await context.store.takeLease(runId, 'w0000-l0000', 0, 'dead');
    laterMs = 2000;
    await runSlice(context, { runId, lane: 0, window: 0, attempt: 1, holder: 'second' });
    const verdict = await conclude(context, runId);
    const report = (await readReport(context.store, runId)) ?? assert.fail();
    // Of the dead one nothing is known: its starts are neither made nor dropped by this one.
    assert.equal(report.totals.droppedIterations, 0);
    const { planned, started } = report.generator.starts;
    assert.ok(started > 10 && started <= 20, `${started} starts`);
    assert.equal(planned, 40);
    assert.deepEqual(
      report.scenarios.map(({ scenario }) => scenario),
      ['rate'],
    );
    assert.equal(verdict.status, 'invalid');
    assert.match(verdict.reasons.join('\n'), /1 partial.*planned starts missing/s);
  } finally {
    await fleet.stop();
  }
});
