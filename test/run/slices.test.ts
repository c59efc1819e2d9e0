import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { conclude } from '../../src/run/conclude.ts';
import { preflight } from '../../src/run/preflight.ts';
import type { RunContext } from '../../src/run/run-context.ts';
import { readReport } from '../../src/run/run-documents.ts';
import { runInProcess } from '../../src/run/run-in-process.ts';
import { runSlice } from '../../src/run/run-slice.ts';
import { timingOf } from '../../src/run/timing.ts';
import { SAMPLE_KIND } from '../../src/sample/block.ts';
import { systemClock } from '../../src/traffic/clock.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { healthySlice } from '../support/healthy-slice.ts';
import { testContext } from '../support/run-context.ts';
import { sliceRequest } from '../support/slice-request.ts';
import { createdRun } from '../support/whole-run.ts';

let fleet: Fleet;
before(async () => {
  fleet = await startFleet({ latencyScale: 0 });
});
after(() => fleet.stop());

it('makes the same calls with the same seed, whatever the number of lanes', async () => {
  const steps =
    'steps: [{ tool: microsoft_docs_search, weight: 2, arguments: { query: "{{words}}" } }, { tool: microsoft_code_sample_search, arguments: { query: "{{words}}" } }]';
  const text = learnPlan(fleet.servers, {
    duration: '1s',
    vus: 4,
    more: 'feeds: { words: { values: [a, b, c] } }\nseed: 7',
  }).replace(/steps: .*/, steps);
  const calls = async (vusPerLane: number) => {
    const context = testContext({ sizing: { vusPerLane, ratePerLane: 1000, windowMs: 60_000 } });
    const runId = await createdRun(context, text);
    assert.deepEqual(await runInProcess(context, runId), []);
    return { byVu: await toolsByVu(context, runId), report: await readReport(context.store, runId) };
  };
  const one = await calls(100);
  const four = await calls(1);
  assert.equal(one.report?.generator.slices.planned, 1);
  assert.equal(four.report?.generator.slices.planned, 4);
  for (let vu = 0; vu < 4; vu++) {
    const [a, b] = [one.byVu.get(vu) ?? [], four.byVu.get(vu) ?? []];
    const both = Math.min(a.length, b.length);
    assert.ok(both > 5, `virtual user ${vu} made only ${both} calls`);
    assert.deepEqual(a.slice(0, both), b.slice(0, both));
    assert.equal(new Set(a).size, 2);
  }
});

it('returns the stored schedule, and opens no session, if preflight is delivered again', async () => {
  const context = testContext();
  const runId = await createdRun(context, learnPlan(fleet.servers));
  const first = await preflight(context, runId, 'first');
  const openedBefore = (await fleet.stats()).learn.sessions.opened;
  assert.deepEqual(await preflight(context, runId, 'second'), first);
  assert.equal((await fleet.stats()).learn.sessions.opened, openedBefore);
});

it('sends nothing for a slice whose time is over, and the run is invalid', async () => {
  let laterMs = 0;
  const clock = { ...testContext().clock, now: () => testContext().clock.now() + laterMs };
  const context = testContext({ clock });
  const runId = await createdRun(context, learnPlan(fleet.servers));
  await preflight(context, runId, 'p');
  laterMs = 60_000;
  const answer = await runSlice(context, sliceRequest(runId, 'late'));
  assert.deepEqual(answer, { state: 'skipped', samples: 0 });
  const verdict = await conclude(context, runId, { slicesHaveEnded: true });
  assert.equal(verdict.status, 'invalid');
  assert.match(verdict.reasons.join('\n'), /1 lost/);
  const report = await readReport(context.store, runId);
  assert.equal(report?.totals.requests, 0);
  assert.deepEqual(await conclude(context, runId), verdict);
  assert.deepEqual(await readReport(context.store, runId), report);
});

it('makes a delivery after the end wait for the holder, and return what the holder commits', async () => {
  let laterMs = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + laterMs };
  const context = testContext({ clock });
  const { store } = context;
  const runId = await createdRun(context, learnPlan(fleet.servers));
  await preflight(context, runId, 'p');
  const sliceId = 'w0000-l0000';
  await store.takeLease(runId, sliceId, 0, 'first');
  laterMs = 5000;
  const late = runSlice(context, sliceRequest(runId, 'late'));
  const health = healthySlice({ store: { errors: 0, blocks: 1, samples: 9 } });
  await store.commitSlice(runId, { sliceId, attemptIds: ['first'], health });
  assert.deepEqual(await late, { state: 'committed', samples: 9 });
});

it('makes no load in a slice while the kill switch or the setting for it is on, and stops the run', async () => {
  for (const [isStopped, by] of [
    [false, 'ann'],
    [true, 'the setting SURGE_STOPPED'],
  ] as const) {
    const context = testContext();
    const runId = await createdRun(context, learnPlan(fleet.servers));
    await preflight(context, runId, 'p');
    const openedBefore = (await fleet.stats()).learn.sessions.opened;
    if (!isStopped) await context.store.writeKillSwitch({ by, at: '2026-11-23T06:00:00.000Z' });
    const answer = await runSlice({ ...context, isStopped }, sliceRequest(runId, 'h'));
    assert.deepEqual(answer, { state: 'skipped', samples: 0, aborted: true }, 'later windows need not be waited for');
    const record = await context.store.getRun(runId);
    assert.deepEqual([record?.stopRequested, record?.stopped?.by], [true, by]);
    assert.equal((await fleet.stats()).learn.sessions.opened, openedBefore);
  }
});

it('does not run a slice in a process whose policy forbids the plan', async () => {
  const context = testContext();
  const runId = await createdRun(context, learnPlan(fleet.servers));
  await preflight(context, runId, 'p');
  const stricter = { ...context, policy: { ...context.policy, allowLoopback: false } };
  const slice = runSlice(stricter, sliceRequest(runId, 'h'));
  await assert.rejects(
    slice,
    /policy of this process refuses run .*127\.0\.0\.1\S* is this machine.*set allowLoopback/,
  );
  const { misses } = await context.store.readAttempts(runId, 'w0000-l0000');
  assert.deepEqual(misses, [{ attempt: 0, holder: 'h', reason: 'refused' }]);
  // Somebody who starts slices without a run's orchestration must not fill its storage.
  await assert.rejects(runSlice(context, { ...sliceRequest(runId, 'h'), lane: 7 }), /there is no lane 7/);
  assert.equal((await context.store.readAttempts(runId, 'w0000-l0007')).misses, undefined);
});

it('records that a slice could not begin in its time because the store was away, once it is back', async (t) => {
  t.mock.method(console, 'error', () => {});
  const context = testContext({ timing: timingOf(600) });
  const { store, clock } = context;
  const runId = await createdRun(context, learnPlan(fleet.servers, { duration: '1s' }));
  await preflight(context, runId, 'p');
  const endAtMs = clock.now() + 200;
  const getRun = () => Promise.reject(new Error('the store is away'));
  const recordMiss: typeof store.recordMiss = async (...miss) => {
    if (clock.now() < endAtMs + 100) throw new Error('the store is away');
    await store.recordMiss(...miss);
  };
  const away = { ...context, store: { ...store, getRun, recordMiss } };
  const answer = await runSlice(away, { ...sliceRequest(runId, 'h'), endAtMs });
  assert.deepEqual(answer, { state: 'lost', samples: 0 });
  const { misses } = await store.readAttempts(runId, 'w0000-l0000');
  assert.deepEqual(misses, [{ attempt: 0, holder: 'h', reason: 'store away' }]);
  const verdict = await conclude(context, runId, { slicesHaveEnded: true });
  assert.match(verdict.reasons.join(' '), /1 slice could not begin because the store could not be reached/);
});

it('counts every failure of a target that goes down, and runs to the end', async (t) => {
  const doomed = await startFleet({ latencyScale: 0 });
  t.after(() => doomed.stop());
  const context = testContext();
  const runId = await createdRun(context, learnPlan(doomed.servers, { duration: '2s', vus: 2 }));
  const run = runInProcess(context, runId);
  const polling = setInterval(async () => {
    const called = (await doomed.stats()).learn.operations['tools/call:microsoft_docs_search']?.count ?? 0;
    if (called > 10) await doomed.stop();
  }, 20);
  assert.deepEqual(await run.finally(() => clearInterval(polling)), []);
  const report = (await readReport(context.store, runId)) ?? assert.fail();
  const { requests, useful, failures } = report.totals;
  assert.equal(useful + failures, requests);
  assert.ok(useful > 10 && failures > 0, `${useful} useful, ${failures} failures`);
  assert.deepEqual([...new Set(report.failures.map(({ outcome }) => outcome.slice(0, 4)))], ['NET_']);
  assert.ok(report.failures.every(({ example }) => example !== ''));
  assert.equal(report.generator.slices.committed, 1);
  assert.ok(report.durationSeconds >= 2);
});

async function toolsByVu({ store }: RunContext, runId: string): Promise<Map<number, string[]>> {
  const byVu = new Map<number, string[]>();
  const { schedule } = (await store.getRun(runId)) ?? assert.fail();
  for (let lane = 0; lane < (schedule?.lanes ?? 0); lane++) {
    const sliceId = `w0000-l${String(lane).padStart(4, '0')}`;
    const { commit } = await store.readAttempts(runId, sliceId);
    for await (const block of store.readBlocks(runId, sliceId, commit?.attemptIds[0] as string)) {
      for (let at = 0; at < block.count; at++) {
        const operation = block.operations[block.columns.operation[at] as number]?.operation as string;
        if (block.columns.kind[at] !== SAMPLE_KIND.request || !operation.startsWith('tools/call')) continue;
        const vu = block.columns.vu[at] as number;
        byVu.set(vu, [...(byVu.get(vu) ?? []), operation]);
      }
    }
  }
  return byVu;
}
