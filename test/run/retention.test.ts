import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deleteExpired, deleteRun } from '../../src/run/retention.ts';
import type { RunContext } from '../../src/run/run-context.ts';
import { memoryRunStore } from '../../src/store/memory-run-store.ts';
import { hashOfKey, type RunRecord } from '../../src/store/run-store.ts';
import { sampleBlock } from '../store/sample-block.ts';
import { aRunRecord } from '../support/a-run-record.ts';
import { testContext } from '../support/run-context.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 6);
const DAY_MS = 86_400_000;
const RETENTION = { keepMs: 30 * DAY_MS, keepCanaryMs: 365 * DAY_MS };
const DOCUMENTS = ['plan', 'baseline', 'report', 'fold-0-0'];
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

function contextAt(now = () => NOW_MS): RunContext {
  const { clock } = testContext();
  return testContext({ store: memoryRunStore(), clock: { ...clock, now } });
}

/** Stores an ended run of some age with its documents and a block. @returns its id */
async function storeRun({ store }: RunContext, ageDays: number, changes: Partial<RunRecord> = {}): Promise<string> {
  const record = aRunRecord(NOW_MS - ageDays * DAY_MS, { state: 'done', ...changes });
  await store.createRun(record);
  for (const name of DOCUMENTS) await store.putDocument(record.runId, name, new Uint8Array([1]));
  await store.appendBlock(record.runId, 'w0000-l0000', 'a', 0, sampleBlock(10, 1));
  return record.runId;
}

/** What is left of a run: its record, its documents and its blocks. */
async function leftOf({ store }: RunContext, runId: string) {
  const documents: string[] = [];
  for (const name of DOCUMENTS) if ((await store.getDocument(runId, name)) !== undefined) documents.push(name);
  const blocks: unknown[] = [];
  for await (const block of store.readBlocks(runId, 'w0000-l0000', 'a')) blocks.push(block);
  return [(await store.getRun(runId)) === undefined ? 'no record' : 'record', ...documents, `${blocks.length} blocks`];
}

const EVERYTHING = ['record', ...DOCUMENTS, '1 blocks'];
const SUMMARY = ['record', 'plan', 'baseline', 'report', '0 blocks'];
const NOTHING = ['no record', '0 blocks'];

describe('retention', () => {
  it('deletes runs that are too old, and of canaries only the samples until they are too old as well', async () => {
    const context = contextAt();
    const cases = [
      [29, 'http', EVERYTHING],
      [29, 'canary', EVERYTHING],
      [31, 'http', NOTHING],
      [31, 'canary', SUMMARY],
      [364, 'canary', SUMMARY],
      [366, 'canary', NOTHING],
      [4000, 'http', NOTHING],
    ] as const;
    const ids = await Promise.all(cases.map(([ageDays, trigger]) => storeRun(context, ageDays, { trigger })));
    assert.deepEqual(await deleteExpired(context, RETENTION, NO_LIMIT), { runs: 3, canaries: 2, isComplete: true });
    assert.deepEqual(
      await Promise.all(ids.map((id) => leftOf(context, id))),
      cases.map(([, , left]) => left),
    );
    const [, , , trimmed = ''] = ids;
    assert.equal((await context.store.getRun(trimmed))?.samplesDeletedAt, new Date(NOW_MS).toISOString());
    assert.deepEqual(await deleteExpired(context, RETENTION, NO_LIMIT), { runs: 0, canaries: 0, isComplete: true });
  });

  it('keeps canaries for as long as other runs if the setting for them is shorter', async () => {
    const context = contextAt();
    const id = await storeRun(context, 20, { trigger: 'canary' });
    await deleteExpired(context, { ...RETENTION, keepCanaryMs: DAY_MS }, NO_LIMIT);
    assert.deepEqual(await leftOf(context, id), EVERYTHING);
  });

  it('deletes runs that never ended, except those that are still active', async () => {
    const context = contextAt();
    const schedule = { startAtMs: NOW_MS, endAtMs: NOW_MS + 1000, lanes: 1, windows: 1, windowMs: 1000 };
    const stuck = await storeRun(context, 31, { state: 'running' });
    const active = await storeRun(context, 31, { state: 'running', schedule });
    await deleteExpired(context, RETENTION, NO_LIMIT);
    assert.deepEqual(await leftOf(context, stuck), NOTHING);
    assert.deepEqual(await leftOf(context, active), EVERYTHING);
  });

  it('frees idempotency keys with the runs that they belong to, also of runs that were never stored', async () => {
    const context = contextAt();
    const { store } = context;
    const old = await storeRun(context, 31, { idempotencyKeyHash: hashOfKey('old') });
    const lost = aRunRecord(NOW_MS - 40 * DAY_MS).runId;
    const young = await storeRun(context, 2);
    for (const [key, runId] of [
      ['old', old],
      ['lost', lost],
      ['young', young],
    ] as const) {
      await store.reserveKey(key, { runId, planHash: 'h' });
    }
    await deleteExpired(context, RETENTION, NO_LIMIT);
    const claim = { runId: 'new', planHash: 'h' };
    const holders = await Promise.all(['old', 'lost', 'young'].map((key) => store.reserveKey(key, claim)));
    assert.deepEqual(
      holders.map(({ runId }) => runId),
      ['new', 'new', young],
    );
  });

  it('goes on with the next call where time ran out', async () => {
    let nowMs = NOW_MS;
    const context = contextAt(() => nowMs);
    for (let index = 0; index < 450; index++) await storeRun(context, 31 + index / 1000);
    const { deleteRun: remove } = context.store;
    context.store.deleteRun = async (runId) => {
      nowMs += 1000;
      await remove(runId);
    };
    const first = await deleteExpired(context, RETENTION, NOW_MS + 250_000);
    assert.deepEqual(first, { runs: 250, canaries: 0, isComplete: false });
    const second = await deleteExpired(context, RETENTION, NO_LIMIT);
    assert.deepEqual(second, { runs: 200, canaries: 0, isComplete: true });
    assert.deepEqual(await context.store.listRuns({ limit: 9 }), []);
  });
});

describe('a deletion', () => {
  it('is refused while the run is active or one of its slices shows life', async () => {
    const context = contextAt();
    const { store } = context;
    const recordOf = async (runId: string) => (await store.getRun(runId)) ?? assert.fail();
    for (const state of ['queued', 'preflight', 'running', 'concluding'] as const) {
      const id = await storeRun(context, 0, { state });
      assert.equal(await deleteRun(context, await recordOf(id)), false, state);
      assert.deepEqual(await leftOf(context, id), EVERYTHING);
    }
    const ended = await storeRun(context, 0);
    const life = { activeVus: 0, warmUpRequests: 0, operations: [], scenarios: [] };
    await store.putProgress(ended, { sliceId: 'w0000-l0000', attemptId: 'a', atMs: NOW_MS - 1000, ...life });
    assert.equal(await deleteRun(context, await recordOf(ended)), false);
    await store.putProgress(ended, { sliceId: 'w0000-l0000', attemptId: 'a', atMs: NOW_MS - 60_000, ...life });
    assert.equal(await deleteRun(context, await recordOf(ended)), true);
    assert.deepEqual(await leftOf(context, ended), NOTHING);
  });
});
