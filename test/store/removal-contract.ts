import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { hashOfKey, type RunRecord, type RunStore } from '../../src/store/run-store.ts';
import type { LiveProgress } from '../../src/summary/live-progress.ts';
import { healthySlice } from '../support/healthy-slice.ts';
import { sampleBlock } from './sample-block.ts';

const DOCUMENTS = ['plan', 'report', 'report-2', 'fold-0-0'];
/** Large enough for several rows of the table. */
const LARGE = randomBytes(1_300_000);

/** What every run store must do to remove runs. */
export function removalContract(title: string, open: () => Promise<RunStore>): void {
  describe(`${title}: removal`, () => {
    it('removes a run with everything that was stored of it, and nothing of other runs', async () => {
      const store = await open();
      // Ids of which one begins with the other.
      const ids = ['20260101-a', '20260101-ab', '20260101'];
      for (const id of ids) await fill(store, id);
      await store.deleteRun('20260101-a');
      assert.deepEqual(await contents(store, '20260101-a'), NOTHING);
      for (const id of ids.slice(1)) assert.deepEqual(await contents(store, id), EVERYTHING);
      for (const query of [{}, { planName: 'plan' }]) {
        const listed = await store.listRuns({ ...query, limit: 9 });
        assert.deepEqual(
          listed.map(({ runId }) => runId),
          ['20260101-ab', '20260101'],
        );
      }
      await store.deleteRun('20260101-a');
      const claim = { runId: '20260102', planHash: 'h' };
      assert.deepEqual(await store.reserveKey('key of 20260101-a', claim), claim, 'the key is free again');
      assert.equal((await store.reserveKey('key of 20260101', claim)).runId, '20260101');
    });

    it('removes the samples of a run, and keeps its record and the named documents', async () => {
      const store = await open();
      await fill(store, 'r');
      await fill(store, 'r-2');
      await store.deleteSamples('r', ['report', 'plan', 'none']);
      const kept = { ...NOTHING, record: true, documents: ['plan', 'report'] };
      assert.deepEqual(await contents(store, 'r'), kept);
      assert.ok(LARGE.equals((await store.getDocument('r', 'report')) ?? Buffer.alloc(0)));
      await store.deleteSamples('r', ['report', 'plan']);
      assert.deepEqual(await contents(store, 'r'), kept);
      assert.deepEqual(await contents(store, 'r-2'), EVERYTHING);
    });

    it('removes what was stored of a run that has no record', async () => {
      const store = await open();
      await store.putDocument('r', 'plan', LARGE);
      await store.deleteRun('r');
      assert.equal(await store.getDocument('r', 'plan'), undefined);
    });

    it('removes old idempotency keys', async () => {
      const store = await open();
      const ids = ['20260101-a', '20260102-a', '20260103-a'];
      for (const runId of ids) await store.reserveKey(runId, { runId, planHash: 'h' });
      await store.deleteClaims('20260102');
      await store.deleteClaims('20260102');
      const late = { runId: 'late', planHash: 'h' };
      const holders = await Promise.all(ids.map((key) => store.reserveKey(key, late)));
      assert.deepEqual(
        holders.map(({ runId }) => runId),
        ['late', '20260102-a', '20260103-a'],
      );
    });
  });
}

const NOTHING = { record: false, documents: [] as string[], blocks: 0, attempts: 0, progress: 0 };
const EVERYTHING = { record: true, documents: DOCUMENTS, blocks: 4, attempts: 2, progress: 2 };

/** Stores something of every kind for a run. */
async function fill(store: RunStore, runId: string): Promise<void> {
  const record: RunRecord = {
    runId,
    planName: 'plan',
    planHash: 'h',
    trigger: 'http',
    idempotencyKeyHash: hashOfKey(`key of ${runId}`),
    createdAt: '2026-01-01T00:00:00.000Z',
    state: 'done',
    stopRequested: false,
  };
  await store.reserveKey(`key of ${runId}`, { runId, planHash: 'h' });
  await store.createRun(record);
  for (const name of DOCUMENTS)
    await store.putDocument(runId, name, name.startsWith('report') ? LARGE : Buffer.from(name));
  for (const sliceId of ['w0000-l0000', 'w0000-l0001']) {
    await store.takeLease(runId, sliceId, 0, 'a');
    for (const seq of [0, 1]) await store.appendBlock(runId, sliceId, 'a', seq, sampleBlock(10, seq));
    await store.putProgress(runId, { ...PROGRESS, sliceId });
    await store.commitSlice(runId, { sliceId, attemptIds: ['a'], health: healthySlice() });
  }
}

const PROGRESS: LiveProgress = {
  sliceId: '',
  attemptId: 'a',
  atMs: 1,
  activeVus: 1,
  warmUpRequests: 0,
  operations: [],
  scenarios: [],
};

async function contents(store: RunStore, runId: string): Promise<typeof NOTHING> {
  const documents: string[] = [];
  for (const name of DOCUMENTS) if ((await store.getDocument(runId, name)) !== undefined) documents.push(name);
  let [blocks, attempts] = [0, 0];
  for (const sliceId of ['w0000-l0000', 'w0000-l0001']) {
    for await (const _ of store.readBlocks(runId, sliceId, 'a')) blocks++;
    attempts += (await store.readAttempts(runId, sliceId)).leases.length;
  }
  const progress = (await store.listProgress(runId)).length;
  return { record: (await store.getRun(runId)) !== undefined, documents, blocks, attempts, progress };
}
