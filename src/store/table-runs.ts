import { randomUUID } from 'node:crypto';
import { packJson, type RowValues, unpackJson } from './row-values.ts';
import { hashOfKey, type RunQuery, type RunRecord, type RunStore, UnknownRunError } from './run-store.ts';
import { claimKey, planRunKey, runKey, runRange } from './table-keys.ts';
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
  'startedBy',
  'idempotencyKeyHash',
  'state',
  'stopRequested',
  'endedAt',
  'samplesDeletedAt',
] as const;

/** Fields that are stored as packed JSON. */
const PACKED = [
  'load',
  'stopped',
  'abort',
  'schedule',
  'targets',
  'problems',
  'preflightWarnings',
  'faults',
  'verdict',
  'slices',
] as const;

/** How often a conditional change is tried while others change the same record. */
const MAX_TRIES = 20;

type RunRows = Pick<RunStore, 'createRun' | 'getRun' | 'updateRun' | 'changeRun' | 'listRuns'>;

/**
 * Run records. A run has one row that holds its state, in a partition that lists the newest first. A second row, in a
 * partition for the plan, only points to the run. It never changes, so that the two cannot disagree. It is written first:
 * every stored run is listed, and a pointer to a run that was never stored is skipped.
 */
export function tableRuns(rows: TableRows): RunRows {
  async function getRun(runId: string, signal?: AbortSignal): Promise<RunRecord | undefined> {
    const row = await rows.get(`read run ${runId}`, runKey(runId), signal);
    return row === undefined ? undefined : recordFrom(row.values);
  }

  async function* all({ fromRunId, beforeRunId }: RunQuery, pageSize: number): AsyncGenerator<RunRecord> {
    const range = runRange(runKey('any').partitionKey, fromRunId, beforeRunId);
    for await (const row of rows.range('list the runs', range, pageSize)) yield await recordFrom(row);
  }

  async function* ofPlan(planName: string, query: RunQuery, pageSize: number): AsyncGenerator<RunRecord> {
    const readAll = async (ids: readonly string[]) =>
      (await Promise.all(ids.map((id) => getRun(id)))).filter((record) => record?.planName === planName) as RunRecord[];
    const range = runRange(planRunKey(planName, 'any').partitionKey, query.fromRunId, query.beforeRunId);
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
      const { runId, planName } = record;
      const doing = `store run ${runId}`;
      await rows.put(doing, planRunKey(planName, runId), { runId });
      // After a write whose response was lost, the client's repeat finds the row that the write itself has made.
      const writeId = randomUUID();
      const values = { ...(await recordValues(record)), writeId };
      if (await rows.create(doing, runKey(runId), values)) return true;
      return (await rows.get(doing, runKey(runId)))?.values.writeId === writeId;
    },

    async updateRun(runId, change) {
      const found = await rows.merge(`update run ${runId}`, runKey(runId), await recordValues(change));
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
        const written = await rows.mergeInto(doing, runKey(runId), await recordValues(change), row.etag);
        if (written) return { ...record, ...change };
      }
      throw new Error(`Could not ${doing}: others changed it ${MAX_TRIES} times meanwhile. Try again.`);
    },

    async listRuns(query) {
      const { planName, limit } = query;
      const records: RunRecord[] = [];
      if (limit <= 0) return records;
      const pageSize = Math.min(limit, PAGE_SIZE);
      for await (const record of planName === undefined ? all(query, pageSize) : ofPlan(planName, query, pageSize)) {
        records.push(record);
        if (records.length >= limit) break;
      }
      return records;
    },
  };
}

/** The fields of a record that are present, as properties. */
async function recordValues(record: Partial<RunRecord>): Promise<RowValues> {
  const values: Record<string, RowValues[string]> = {};
  for (const name of PLAIN) {
    const value = record[name];
    if (value !== undefined) values[name] = value;
  }
  for (const name of PACKED) {
    if (record[name] !== undefined) Object.assign(values, await packJson(name, record[name]));
  }
  return values;
}

/**
 * The record of a row; its types are not checked, because only createRun and updateRun write these rows. Earlier
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
      const row = claimKey(hashOfKey(key));
      if (await rows.create(doing, row, { runId, planHash })) return { runId, planHash };
      const first = await rows.get(doing, row);
      if (first === undefined) throw new Error(`Could not ${doing}: its row was deleted meanwhile. Try again.`);
      return { runId: String(first.values.runId), planHash: String(first.values.planHash) };
    },
  };
}
