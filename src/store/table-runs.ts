import { randomUUID } from 'node:crypto';
import { packJson, type RowValues, unpackJson } from './row-values.ts';
import { type RunChange, type RunRecord, type RunStore, UnknownRunError } from './run-store.ts';
import { claimKey, planRunKey, runKey, wholePartition } from './table-keys.ts';
import type { TableRows } from './table-rows.ts';

const PAGE_SIZE = 200;
/** How many records are read at the same time when the runs of a plan are listed. */
const BATCH_SIZE = 16;

/** Fields that are properties of their own. */
const PLAIN = [
  'runId',
  'planName',
  'planHash',
  'trigger',
  'baselineRunId',
  'createdAt',
  'state',
  'stopRequested',
  'endedAt',
] as const;

/** Fields that are stored as packed JSON. */
const PACKED = ['abort', 'schedule', 'targets', 'problems', 'preflightWarnings', 'faults', 'verdict'] as const;

/** How often a conditional change is tried while others change the same record. */
const MAX_TRIES = 20;

type RunRows = Pick<RunStore, 'createRun' | 'getRun' | 'updateRun' | 'changeRun' | 'listRuns'>;

/**
 * Run records. A run has one row that holds its state, in a partition that lists the newest first. A second row, in a
 * partition for the plan, only points to the run. It never changes, so that the two cannot disagree. It is written first:
 * every stored run is listed, and a pointer to a run that was never stored is skipped.
 */
export function tableRuns(rows: TableRows): RunRows {
  async function getRun(runId: string): Promise<RunRecord | undefined> {
    const row = await rows.get(`read run ${runId}`, runKey(runId));
    return row === undefined ? undefined : recordFrom(row.values);
  }

  async function* all(pageSize: number): AsyncGenerator<RunRecord> {
    const range = wholePartition(runKey('any').partitionKey);
    for await (const row of rows.range('list the runs', range, pageSize)) yield await recordFrom(row);
  }

  async function* ofPlan(planName: string, pageSize: number): AsyncGenerator<RunRecord> {
    const readAll = async (ids: readonly string[]) =>
      (await Promise.all(ids.map(getRun))).filter((record) => record?.planName === planName) as RunRecord[];
    const range = wholePartition(planRunKey(planName, 'any').partitionKey);
    let batch: string[] = [];
    for await (const pointer of rows.range('list the runs of a plan', range, pageSize)) {
      batch.push(String(pointer.runId));
      if (batch.length < Math.min(pageSize, BATCH_SIZE)) continue;
      yield* await readAll(batch);
      batch = [];
    }
    yield* await readAll(batch);
  }

  return {
    getRun,

    async createRun(record) {
      const { runId, planName, planHash, trigger, createdAt, baselineRunId, ...change } = record;
      const doing = `store run ${runId}`;
      await rows.put(doing, planRunKey(planName, runId), { runId });
      // After a write whose response was lost, the client's repeat finds the row that the write itself has made.
      const writeId = randomUUID();
      const baseline = baselineRunId === undefined ? {} : { baselineRunId };
      const fixed = { runId, planName, planHash, trigger, createdAt, ...baseline, writeId };
      const values = { ...fixed, ...(await changeValues(change)) };
      if (await rows.create(doing, runKey(runId), values)) return true;
      return (await rows.get(doing, runKey(runId)))?.values.writeId === writeId;
    },

    async updateRun(runId, change) {
      const found = await rows.merge(`update run ${runId}`, runKey(runId), await changeValues(change));
      if (!found) throw new UnknownRunError(runId);
    },

    async changeRun(runId, decide) {
      const doing = `change run ${runId}`;
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const row = await rows.get(doing, runKey(runId));
        if (row === undefined) throw new UnknownRunError(runId);
        const record = await recordFrom(row.values);
        const change = decide(record);
        if (change === undefined) return record;
        // After a write whose response was lost, the next round finds the change made.
        const written = await rows.mergeInto(doing, runKey(runId), await changeValues(change), row.etag);
        if (written) return { ...record, ...change };
      }
      throw new Error(`Could not ${doing}: others changed it ${MAX_TRIES} times meanwhile. Try again.`);
    },

    async listRuns({ planName, limit }) {
      const records: RunRecord[] = [];
      if (limit <= 0) return records;
      const pageSize = Math.min(limit, PAGE_SIZE);
      for await (const record of planName === undefined ? all(pageSize) : ofPlan(planName, pageSize)) {
        records.push(record);
        if (records.length >= limit) break;
      }
      return records;
    },
  };
}

async function changeValues(change: RunChange): Promise<RowValues> {
  const values: Record<string, RowValues[string]> = {};
  if (change.state !== undefined) values.state = change.state;
  if (change.stopRequested !== undefined) values.stopRequested = change.stopRequested;
  if (change.endedAt !== undefined) values.endedAt = change.endedAt;
  for (const name of PACKED) {
    if (change[name] !== undefined) Object.assign(values, await packJson(name, change[name]));
  }
  return values;
}

/**
 * The record of a row; its types are not checked, because only changeValues and createRun write these rows. Earlier
 * versions stored problems as sentences.
 */
async function recordFrom(values: RowValues): Promise<RunRecord> {
  const record: Record<string, unknown> = {};
  for (const name of PLAIN) {
    if (values[name] !== undefined) record[name] = values[name];
  }
  for (const name of PACKED) {
    const value = await unpackJson(name, values);
    if (value !== undefined) record[name] = name === 'problems' ? (value as unknown[]).map(problemFrom) : value;
  }
  return record as unknown as RunRecord;
}

function problemFrom(stored: unknown): unknown {
  return typeof stored === 'string' ? { path: '', message: stored } : stored;
}

/** Idempotency keys: whoever creates the row first has claimed the key. */
export function tableClaims(rows: TableRows): Pick<RunStore, 'reserveKey'> {
  return {
    async reserveKey(key, claim) {
      const doing = `reserve an idempotency key for run ${claim.runId}`;
      const { runId, planHash } = claim;
      if (await rows.create(doing, claimKey(key), { runId, planHash })) return { runId, planHash };
      const first = await rows.get(doing, claimKey(key));
      if (first === undefined) throw new Error(`Could not ${doing}: its row was deleted meanwhile. Try again.`);
      return { runId: String(first.values.runId), planHash: String(first.values.planHash) };
    },
  };
}
