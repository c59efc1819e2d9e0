import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foldName, foldSlices } from '../../src/run/fold-slices.ts';
import type { RunContext } from '../../src/run/run-context.ts';
import { readFold, writePlan } from '../../src/run/run-documents.ts';
import type { Block } from '../../src/sample/block.ts';
import { aPlan } from '../support/a-plan.ts';
import { blockOf, RUN_START_MS } from '../support/blocks-of.ts';
import { healthySlice } from '../support/healthy-slice.ts';
import { testContext } from '../support/run-context.ts';

const RUN = '20261123-120000000-00000000';
const SLICE = 'w0000-l0000';
const GROUP = { window: 0, firstLane: 0, lanes: 1 };
const HEALTH = healthySlice({ instance: 'test' });

/** A run of one slice, for which each of these holders has stored so many requests. */
async function runWithBlocks(requests: Readonly<Record<string, number>>): Promise<RunContext> {
  const context = testContext();
  const { store } = context;
  await writePlan(store, RUN, aPlan());
  const record = { runId: RUN, planName: 'small', planHash: 'x', trigger: 'command', createdAt: '' } as const;
  const schedule = { startAtMs: RUN_START_MS, endAtMs: RUN_START_MS + 10_000, lanes: 1, windows: 1, windowMs: 10_000 };
  await store.createRun({ ...record, state: 'running', stopRequested: false, schedule });
  for (const [holder, count] of Object.entries(requests)) {
    const block = blockOf(Array.from({ length: count }, () => ({}))) as Block;
    await store.appendBlock(RUN, SLICE, holder, 0, block);
  }
  return context;
}

/** How many requests count, and what the fold says about the slice. */
async function folded(context: RunContext) {
  await foldSlices(context, RUN, GROUP);
  const fold = (await readFold(context.store, RUN, foldName(GROUP))) ?? assert.fail();
  const requests = fold.cells.reduce((sum, { useful, failed }) => sum + useful.length + failed.length, 0);
  assert.equal(fold.samples, requests);
  return { requests, slices: fold.slices };
}

it('counts the blocks of every holder of a lost slice, because their requests were sent', async () => {
  const context = await runWithBlocks({ first: 1, second: 2, retry: 4 });
  const { store } = context;
  await store.takeLease(RUN, SLICE, 0, 'first');
  await store.takeOverLease(RUN, SLICE, 0, 'first', 'second');
  await store.takeOverLease(RUN, SLICE, 1, 'second', 'retry');
  const { requests, slices } = await folded(context);
  assert.equal(requests, 7);
  const [{ silent = [], ...slice } = assert.fail()] = slices;
  assert.deepEqual(slice, { sliceId: SLICE, state: 'lost', cause: 'died', duplicates: 0 });
  assert.deepEqual(
    silent.map(({ blocks, samples, unstored }) => [blocks, samples, unstored]),
    [
      [1, 1, null],
      [1, 2, null],
      [1, 4, null],
    ],
  );
});

it('leaves out blocks of somebody who never held a lease on a lost slice', async () => {
  const context = await runWithBlocks({ holder: 1, duplicate: 2, stranger: 4 });
  await context.store.takeLease(RUN, SLICE, 0, 'holder');
  await context.store.recordDuplicate(RUN, SLICE, 0, 'duplicate');
  const { requests, slices } = await folded(context);
  assert.equal(requests, 1);
  assert.deepEqual([slices[0]?.state, slices[0]?.duplicates], ['lost', 1]);
});

it('leaves out blocks of attempts that the commit does not name', async () => {
  const context = await runWithBlocks({ finished: 1, superseded: 2, straggler: 4, stranger: 8 });
  const { store } = context;
  await store.takeLease(RUN, SLICE, 0, 'superseded');
  await store.takeOverLease(RUN, SLICE, 0, 'superseded', 'finished');
  await store.takeLease(RUN, SLICE, 1, 'straggler');
  await store.commitSlice(RUN, { sliceId: SLICE, attemptIds: ['finished'], health: HEALTH });
  assert.deepEqual(await folded(context), {
    requests: 1,
    slices: [{ sliceId: SLICE, state: 'committed', duplicates: 0, health: HEALTH }],
  });
});

it('counts the blocks of a lost attempt that the commit names, and marks the slice as partial', async () => {
  const context = await runWithBlocks({ lost: 1, finished: 2, stranger: 4 });
  await context.store.takeLease(RUN, SLICE, 0, 'finished');
  await context.store.commitSlice(RUN, { sliceId: SLICE, attemptIds: ['lost', 'finished'], health: HEALTH });
  const { requests, slices } = await folded(context);
  assert.equal(requests, 3);
  const [{ silent, ...slice } = assert.fail()] = slices;
  assert.deepEqual(slice, { sliceId: SLICE, state: 'partial', cause: 'died', duplicates: 0, health: HEALTH });
  assert.equal(silent?.length, 1);
});

it('reports a slice that nobody began as lost, without requests', async () => {
  const { requests, slices } = await folded(await runWithBlocks({ stranger: 4 }));
  assert.equal(requests, 0);
  assert.deepEqual([slices[0]?.state, slices[0]?.cause], ['lost', 'never begun']);
});

it('says how many requests a holder that died had sent and not stored', async () => {
  const context = await runWithBlocks({ dead: 3 });
  const { store } = context;
  await store.takeLease(RUN, SLICE, 0, 'dead');
  const about = { sliceId: SLICE, attemptId: 'dead', atMs: RUN_START_MS + 8000, activeVus: 1 };
  const row = { ...about, warmUpRequests: 0, operations: [], scenarios: [], instance: 'host-7' };
  await store.putProgress(RUN, { ...row, sent: 10, peakPerSecond: 4 });
  const { slices } = await folded(context);
  assert.deepEqual(slices[0]?.silent, [
    {
      blocks: 1,
      samples: 3,
      instance: 'host-7',
      unstored: 7,
      peakPerSecond: 4,
      likelyMs: 2000,
      atMostMs: 25_000,
      growth: 1,
      plannedRequests: null,
    },
  ]);
});

describe('a slice without a commit', () => {
  const holder = 'h';
  const stop = (afterMs: number) => ({
    stopRequested: true,
    stopped: { by: 'somebody', at: new Date(RUN_START_MS + afterMs).toISOString() },
  });
  const outcome = async (context: RunContext) => {
    const [slice] = (await folded(context)).slices;
    return [slice?.state, slice?.cause];
  };

  it('is not needed if the run was stopped before it should have begun', async () => {
    const context = await runWithBlocks({});
    for (const change of [stop(-5000), stop(500), { stopRequested: true, stopped: undefined } as object]) {
      await context.store.updateRun(RUN, change);
      assert.deepEqual(await outcome(context), ['skipped', undefined]);
    }
  });

  it('is lost if it should have begun before the run was stopped', async () => {
    const context = await runWithBlocks({});
    await context.store.updateRun(RUN, stop(8000));
    assert.deepEqual(await outcome(context), ['lost', 'never begun']);
    await context.store.takeLease(RUN, SLICE, 0, holder);
    await context.store.skipSlice(RUN, { sliceId: SLICE, holder, reason: 'stopped', atMs: RUN_START_MS + 9000 });
    assert.deepEqual(await outcome(context), ['lost', 'too late']);
  });

  it('is lost if the run was not stopped, although its delivery made no load', async () => {
    for (const [reason, cause] of [
      ['stopped', 'run over'],
      ['too late', 'too late'],
    ] as const) {
      const context = await runWithBlocks({});
      await context.store.takeLease(RUN, SLICE, 0, holder);
      await context.store.skipSlice(RUN, { sliceId: SLICE, holder, reason, atMs: RUN_START_MS });
      assert.deepEqual(await outcome(context), ['lost', cause]);
    }
  });

  it('is lost for the reason of the last delivery that never held it', async () => {
    const context = await runWithBlocks({});
    await context.store.recordMiss(RUN, SLICE, { attempt: 0, holder, reason: 'refused' });
    assert.deepEqual(await outcome(context), ['lost', 'refused']);
    await context.store.recordMiss(RUN, SLICE, { attempt: 1, holder, reason: 'store away' });
    assert.deepEqual(await outcome(context), ['lost', 'store away']);
  });

  it('has failed if its holder gave it back without a report, and has died if any holder did not', async () => {
    const context = await runWithBlocks({});
    await context.store.takeLease(RUN, SLICE, 0, 'broken');
    await context.store.releaseLease(RUN, SLICE, 'broken');
    assert.deepEqual(await outcome(context), ['lost', 'failed']);
    await context.store.takeOverLease(RUN, SLICE, 1, 'broken', 'dead');
    assert.deepEqual(await outcome(context), ['lost', 'died']);
  });
});
