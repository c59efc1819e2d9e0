import assert from 'node:assert/strict';
import { it } from 'node:test';
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
  assert.deepEqual(await folded(context), {
    requests: 7,
    slices: [{ sliceId: SLICE, state: 'lost', cause: 'died', duplicates: 0 }],
  });
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
  assert.deepEqual(await folded(context), {
    requests: 3,
    slices: [{ sliceId: SLICE, state: 'partial', cause: 'died', duplicates: 0, health: HEALTH }],
  });
});

it('reports a slice that nobody began as lost, without requests', async () => {
  const { requests, slices } = await folded(await runWithBlocks({ stranger: 4 }));
  assert.equal(requests, 0);
  assert.deepEqual([slices[0]?.state, slices[0]?.cause], ['lost', 'never begun']);
});
