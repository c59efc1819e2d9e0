import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { listRuns, type RunFilter } from '../../src/run/list-runs.ts';
import { memoryRunStore } from '../../src/store/memory-run-store.ts';
import { RUN_STATES, RUN_TRIGGERS, type RunRecord, type RunStore } from '../../src/store/run-store.ts';
import { aRunRecord } from '../support/a-run-record.ts';

const BEGIN_MS = Date.UTC(2026, 0, 1);

/** Stores runs that were created a minute apart. @returns their records, newest first */
async function storeRuns(store: RunStore, count: number, change: (index: number) => Partial<RunRecord> = () => ({})) {
  const records = Array.from({ length: count }, (_, index) => {
    const createdMs = BEGIN_MS + index * 60_000;
    return { ...aRunRecord(createdMs), ...change(index) };
  });
  for (const record of records) await store.createRun(record);
  return records.reverse();
}

/** The ids of all pages. */
async function allPages(store: RunStore, filter: RunFilter): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listRuns(store, cursor === undefined ? filter : { ...filter, cursor }, BEGIN_MS);
    assert.ok(page.records.length <= filter.limit, `${page.records.length} of ${filter.limit} runs`);
    ids.push(...page.records.map(({ runId }) => runId));
    cursor = page.next;
  } while (cursor !== undefined);
  return ids;
}

it('lists every run that a filter selects once, newest first, whatever the size of the pages', async () => {
  const store = memoryRunStore();
  const states = ['done', 'failed', 'running'] as const;
  const records = await storeRuns(store, 60, (index) => ({
    planName: `plan-${index % 2}`,
    state: states[index % 3] ?? 'done',
    trigger: index % 5 === 0 ? 'canary' : 'http',
  }));
  const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
  const filters = fc.record({
    limit: fc.integer({ min: 1, max: 70 }),
    planName: maybe(fc.constantFrom('plan-0', 'plan-1', 'none')),
    states: maybe(fc.subarray([...RUN_STATES], { minLength: 1 })),
    trigger: maybe(fc.constantFrom(...RUN_TRIGGERS)),
    sinceMs: maybe(fc.integer({ min: -5, max: 70 }).map((minutes) => BEGIN_MS + minutes * 60_000)),
  });
  await fc.assert(
    fc.asyncProperty(filters, async (drawn) => {
      const { planName, states, trigger, sinceMs } = drawn;
      const expected = records.filter(
        (run) =>
          (planName === undefined || run.planName === planName) &&
          (states === undefined || states.includes(run.state)) &&
          (trigger === undefined || run.trigger === trigger) &&
          (sinceMs === undefined || Date.parse(run.createdAt) >= sinceMs),
      );
      const filter = Object.fromEntries(Object.entries(drawn).filter(([, value]) => value !== undefined));
      assert.deepEqual(
        await allPages(store, filter as unknown as RunFilter),
        expected.map(({ runId }) => runId),
      );
    }),
  );
});

it('has no next page if the last one is full', async () => {
  const store = memoryRunStore();
  await storeRuns(store, 4);
  assert.equal((await listRuns(store, { limit: 4 }, BEGIN_MS)).next, undefined);
  assert.equal((await listRuns(store, { limit: 4, states: ['queued'] }, BEGIN_MS)).next, undefined);
  assert.notEqual((await listRuns(store, { limit: 3 }, BEGIN_MS)).next, undefined);
});

it('goes on where a page ended although runs were added and removed since', async () => {
  const store = memoryRunStore();
  const records = await storeRuns(store, 6);
  const first = await listRuns(store, { limit: 2 }, BEGIN_MS);
  await store.createRun(aRunRecord(BEGIN_MS + 3_600_000));
  // The cursor names a run that is removed.
  await store.deleteRun(first.next as string);
  const ids = await allPages(store, { limit: 2, cursor: first.next as string });
  assert.deepEqual(
    ids,
    records.slice(2).map(({ runId }) => runId),
  );
});

it('tells runs that wait for their start from those that have started', async () => {
  const store = memoryRunStore();
  const schedule = { startAtMs: BEGIN_MS + 1000, endAtMs: BEGIN_MS + 9000, lanes: 1, windows: 1, windowMs: 8000 };
  await storeRuns(store, 1, () => ({ state: 'running', schedule }));
  const count = async (state: 'starting' | 'running', nowMs: number) =>
    (await listRuns(store, { limit: 10, states: [state] }, nowMs)).records.length;
  assert.deepEqual([await count('starting', BEGIN_MS), await count('running', BEGIN_MS)], [1, 0]);
  assert.deepEqual([await count('starting', BEGIN_MS + 1000), await count('running', BEGIN_MS + 1000)], [0, 1]);
});

it('ends a page early, with a cursor, after many runs without a match', async () => {
  const store = memoryRunStore();
  await storeRuns(store, 2500, (index) => ({ state: index === 0 ? 'failed' : 'done' }));
  const page = await listRuns(store, { limit: 10, states: ['failed'] }, BEGIN_MS);
  assert.deepEqual(page.records, []);
  assert.notEqual(page.next, undefined);
  assert.equal((await allPages(store, { limit: 10, states: ['failed'] })).length, 1);
});
