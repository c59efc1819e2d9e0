import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunContext } from '../../src/run/run-context.ts';
import { newRunId } from '../../src/run/run-documents.ts';
import { showsLife, stopEverything, stopRun } from '../../src/run/stop-run.ts';
import { memoryRunStore } from '../../src/store/memory-run-store.ts';
import type { RunRecord } from '../../src/store/run-store.ts';
import { aRunRecord } from '../support/a-run-record.ts';
import { healthySlice } from '../support/healthy-slice.ts';
import { testContext } from '../support/run-context.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 6);
const RUN_ID = newRunId(NOW_MS);
const SLICE = 'w0000-l0000';

/** A context with one run, at a clock that the test sets. */
async function contextWith(changes: Partial<RunRecord>) {
  const time = { nowMs: NOW_MS };
  const { clock } = testContext();
  const context = testContext({ store: memoryRunStore(), clock: { ...clock, now: () => time.nowMs } });
  await context.store.createRun({ ...aRunRecord(NOW_MS), runId: RUN_ID, ...changes });
  return { context, time };
}

async function showLife({ store }: RunContext, atMs: number, attemptId = 'a'): Promise<void> {
  const nothing = { activeVus: 0, warmUpRequests: 0, operations: [], scenarios: [] };
  await store.putProgress(RUN_ID, { sliceId: SLICE, attemptId, atMs, ...nothing });
}

describe('stopping a run', () => {
  it('records who stopped it first and when, however often it is stopped', async () => {
    const { context, time } = await contextWith({ state: 'running' });
    const stopped = { by: 'ann', at: new Date(NOW_MS).toISOString() };
    assert.deepEqual((await stopRun(context, RUN_ID, 'ann'))?.stopped, stopped);
    time.nowMs += 5000;
    const again = await stopRun(context, RUN_ID, 'bob');
    assert.deepEqual([again?.stopped, again?.stopRequested, again?.state], [stopped, true, 'running']);
  });

  it('keeps the condition that has already ended it as the reason', async () => {
    const abort = { metric: 'm', expression: 'e', over: 1, observed: 1, atSeconds: 1 } as RunRecord['abort'];
    const { context } = await contextWith({ state: 'running', stopRequested: true, ...(abort && { abort }) });
    assert.equal((await stopRun(context, RUN_ID, 'ann'))?.stopped, undefined);
  });

  it('changes nothing in a run that has ended', async () => {
    for (const state of ['done', 'failed', 'refused'] as const) {
      const { context } = await contextWith({ state });
      assert.equal(await stopRun(context, RUN_ID, 'ann'), undefined, state);
      assert.equal((await context.store.getRun(RUN_ID))?.stopRequested, false);
    }
  });

  it('reaches a slice that goes on although its run has ended', async () => {
    const { context, time } = await contextWith({ state: 'done' });
    await showLife(context, NOW_MS - 29_000);
    const stopped = await stopRun(context, RUN_ID, 'ann');
    assert.deepEqual([stopped?.state, stopped?.stopRequested, stopped?.stopped?.by], ['done', true, 'ann']);
    time.nowMs += 60_000;
    assert.equal(await stopRun(context, RUN_ID, 'ann'), undefined, 'the slice has ended');
  });

  it('rejects for a run that was never stored', async () => {
    await assert.rejects(stopRun(testContext(), RUN_ID, 'ann'), /is not in the store/);
  });
});

describe('a slice', () => {
  it('shows life by recent progress, until its attempt is committed', async () => {
    const { context, time } = await contextWith({ state: 'done' });
    assert.equal(await showsLife(context, RUN_ID), false);
    await showLife(context, NOW_MS);
    assert.equal(await showsLife(context, RUN_ID), true);
    await context.store.commitSlice(RUN_ID, { sliceId: SLICE, attemptIds: ['a'], health: healthySlice() });
    assert.equal(await showsLife(context, RUN_ID), false);
    await showLife(context, NOW_MS + 1, 'b');
    assert.equal(await showsLife(context, RUN_ID), true, 'an attempt that is not part of the commit');
    time.nowMs += context.timing.deadAfterMs + 2;
    assert.equal(await showsLife(context, RUN_ID), false);
  });
});

describe('the kill switch', () => {
  it('stops every active run, remembers who turned it on first, and does the same when it is repeated', async () => {
    const { context, time } = await contextWith({ state: 'running' });
    const queued = aRunRecord(NOW_MS - 60_000);
    const longAgo = aRunRecord(NOW_MS - 40 * 24 * 3_600_000);
    const ended = aRunRecord(NOW_MS - 1000, { state: 'done' });
    for (const run of [queued, longAgo, ended]) await context.store.createRun(run);
    const first = await stopEverything(context, 'ann');
    const stop = { by: 'ann', at: new Date(NOW_MS).toISOString() };
    assert.deepEqual(first.stop, stop);
    assert.deepEqual(
      first.runs.map(({ runId }) => runId),
      [RUN_ID, queued.runId],
    );
    for (const { stopRequested, stopped } of first.runs) assert.deepEqual([stopRequested, stopped], [true, stop]);
    time.nowMs += 1000;
    const late = aRunRecord(time.nowMs);
    await context.store.createRun(late);
    const second = await stopEverything(context, 'bob');
    assert.deepEqual(second.stop, stop);
    assert.deepEqual(await context.store.readKillSwitch(), stop);
    assert.deepEqual(
      second.runs.map(({ stopped }) => stopped?.by),
      ['bob', 'ann', 'ann'],
    );
    assert.equal((await context.store.getRun(ended.runId))?.stopRequested, false);
  });
});
