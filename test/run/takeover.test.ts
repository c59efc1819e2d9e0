import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startFleet } from '../../fleet/fleet.ts';
import { conclude } from '../../src/run/conclude.ts';
import { preflight } from '../../src/run/preflight.ts';
import { readReport, readRun } from '../../src/run/run-documents.ts';
import { runSlice } from '../../src/run/run-slice.ts';
import { timingOf } from '../../src/run/timing.ts';
import { systemClock } from '../../src/traffic/clock.ts';
import { planText } from '../support/a-plan.ts';
import { testContext } from '../support/run-context.ts';
import { sliceRequest } from '../support/slice-request.ts';
import { createdRun } from '../support/whole-run.ts';

const SLICE = 'w0000-l0000';
const steps = [{ tool: 'microsoft_docs_search', arguments: { query: 'x' } }];
const scenarios = {
  counted: { target: 'web', executor: 'per-vu-iterations', vus: 1, iterations: 5, maxDuration: '4s', steps },
  rate: { target: 'web', executor: 'constant-arrival-rate', rate: 10, duration: '4s', preAllocatedVUs: 30, steps },
};

it('makes the remaining starts after a takeover, and no iteration twice', async (t) => {
  const fleet = await startFleet({ latencyScale: 0 });
  t.after(() => fleet.stop());
  let laterMs = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + laterMs };
  const context = testContext({ clock, timing: timingOf(300) });
  const text = planText({ target: { url: fleet.servers.learn.url }, plan: { scenarios } });
  const runId = await createdRun(context, text);
  await preflight(context, runId, 'p');
  const { store } = context;
  await store.takeLease(runId, SLICE, 0, 'first');
  await store.takeOverLease(runId, SLICE, 0, 'first', 'dead');
  await store.recordDuplicate(runId, SLICE, 0, 'duplicate');
  laterMs = 2000;
  const { endAtMs = 0 } = (await readRun(store, runId)).schedule ?? {};
  const leftMs = endAtMs - clock.now();
  await runSlice(context, sliceRequest(runId, 'second', 1));
  // Blocks of every earlier holder count, but not those of a duplicate.
  const { commit } = await store.readAttempts(runId, SLICE);
  assert.deepEqual(commit?.attemptIds, ['first', 'dead', 'second']);
  const verdict = await conclude(context, runId);
  const report = (await readReport(store, runId)) ?? assert.fail();
  // Nothing is known about the dead attempt's starts, so that the second attempt neither makes nor drops them.
  assert.equal(report.totals.droppedIterations, 0);
  const { planned, started } = report.generator.starts;
  // On a busy machine, less of the four seconds may be left than two.
  assert.ok(started !== null && started > 0 && started <= Math.ceil(leftMs / 100), `${started} starts in ${leftMs} ms`);
  assert.equal(planned, 40);
  assert.deepEqual(
    report.scenarios.map(({ scenario }) => scenario),
    ['rate'],
  );
  assert.equal(verdict.status, 'invalid');
  assert.match(verdict.reasons.join('\n'), /1 partial.*planned starts missing/s);
});
