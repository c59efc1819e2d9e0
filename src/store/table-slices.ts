import {
  type Block,
  type BlockColumnName,
  columnNames,
  decodeBlock,
  type EncodedBlock,
  encodeBlock,
} from '../sample/block.ts';
import type { LiveProgress } from '../summary/live-progress.ts';
import {
  binaryValue,
  gunzip,
  gzip,
  packBytes,
  packJson,
  type RowValues,
  unpackBytes,
  unpackJson,
} from './row-values.ts';
import { inOrder, type RunStore } from './run-store.ts';
import {
  currentLease,
  NO_ATTEMPTS,
  type SliceAttempts,
  type SliceCommit,
  withCommit,
  withDuplicate,
  withLease,
  withMiss,
  withRelease,
  withReport,
  withSkip,
  withTakeOver,
} from './slice-attempts.ts';
import { attemptsKey, blockKey, blockRange, progressKey, wholePartition } from './table-keys.ts';
import type { TableRows } from './table-rows.ts';

/** A slice has very few writers; losing this many races means that something else is wrong. */
const MAX_TRIES = 50;

type AttemptMethods =
  | 'takeLease'
  | 'takeOverLease'
  | 'releaseLease'
  | 'recordDuplicate'
  | 'recordMiss'
  | 'reportHolder'
  | 'commitSlice'
  | 'skipSlice'
  | 'readAttempts';

/**
 * The attempts at a slice, in one row. Every change reads the row, applies a pure rule, and writes the result only if
 * nobody else wrote meanwhile; otherwise it starts again. The rules give a repeated change the answer of the first one,
 * so that a write whose response was lost is recognised.
 */
export function tableAttempts(rows: TableRows): Pick<RunStore, AttemptMethods> {
  async function change(
    doing: string,
    runId: string,
    sliceId: string,
    rule: (attempts: SliceAttempts) => SliceAttempts | undefined,
  ): Promise<SliceAttempts | undefined> {
    const key = attemptsKey(runId, sliceId);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const row = await rows.get(doing, key);
      const known = row === undefined ? NO_ATTEMPTS : await attemptsFrom(row.values);
      const changed = rule(known);
      if (changed === undefined || changed === known) return changed;
      const values = await attemptsValues(changed);
      const done =
        row === undefined ? await rows.create(doing, key, values) : await rows.replace(doing, key, values, row.etag);
      if (done) return changed;
    }
    throw new Error(`Could not ${doing}: other writers were faster ${MAX_TRIES} times.`);
  }

  return {
    async takeLease(runId, sliceId, attempt, holder) {
      const doing = `take the lease on slice ${sliceId} of run ${runId}`;
      const attempts = await change(doing, runId, sliceId, (known) => withLease(known, attempt, holder));
      return attempts === undefined ? holder : (currentLease(attempts)?.holder ?? holder);
    },
    async takeOverLease(runId, sliceId, attempt, from, to) {
      const doing = `take over slice ${sliceId} of run ${runId}`;
      return (await change(doing, runId, sliceId, (known) => withTakeOver(known, attempt, from, to))) !== undefined;
    },
    async releaseLease(runId, sliceId, holder) {
      const doing = `release the lease on slice ${sliceId} of run ${runId}`;
      await change(doing, runId, sliceId, (known) => withRelease(known, holder));
    },
    async recordDuplicate(runId, sliceId, attempt, holder) {
      const doing = `record a duplicate of slice ${sliceId} of run ${runId}`;
      await change(doing, runId, sliceId, (known) => withDuplicate(known, attempt, holder));
    },
    async recordMiss(runId, sliceId, miss) {
      const doing = `record a delivery of slice ${sliceId} of run ${runId}`;
      await change(doing, runId, sliceId, (known) => withMiss(known, miss));
    },
    async reportHolder(runId, sliceId, holder, health) {
      const doing = `store the report of a holder of slice ${sliceId} of run ${runId}`;
      await change(doing, runId, sliceId, (known) => withReport(known, holder, health));
    },
    async commitSlice(runId, commit) {
      const doing = `commit slice ${commit.sliceId} of run ${runId}`;
      return (await change(doing, runId, commit.sliceId, (known) => withCommit(known, commit))) !== undefined;
    },
    async skipSlice(runId, skip) {
      const doing = `close slice ${skip.sliceId} of run ${runId}`;
      return (await change(doing, runId, skip.sliceId, (known) => withSkip(known, skip))) !== undefined;
    },
    async readAttempts(runId, sliceId, signal) {
      const doing = `read the attempts at slice ${sliceId} of run ${runId}`;
      const row = await rows.get(doing, attemptsKey(runId, sliceId), signal);
      return row === undefined ? NO_ATTEMPTS : attemptsFrom(row.values);
    },
  };
}

/** Attempts as they are stored, under the names of docs/storage.md. */
type StoredAttempts = Pick<SliceAttempts, 'leases' | 'duplicates' | 'misses' | 'reports' | 'skip'> & {
  readonly replaced: SliceAttempts['supersededHolders'];
  readonly marker?: SliceCommit;
};

async function attemptsValues(attempts: SliceAttempts): Promise<RowValues> {
  const { leases, supersededHolders: replaced, duplicates, commit, ...rare } = attempts;
  const stored: StoredAttempts = { leases, replaced, duplicates, ...rare };
  return packJson('ledger', commit === undefined ? stored : { ...stored, marker: commit });
}

async function attemptsFrom(values: RowValues): Promise<SliceAttempts> {
  const stored = await unpackJson<StoredAttempts>('ledger', values);
  if (stored === undefined) return NO_ATTEMPTS;
  const { replaced: supersededHolders, marker: commit, ...same } = stored;
  return { ...same, supersededHolders, ...(commit === undefined ? {} : { commit }) };
}

/** A full block is about 0.8 MB on the wire, and the service answers with at most 4 MiB. */
const BLOCKS_A_PAGE = 4;

/** Blocks of samples: a row for each block, a Binary property for each column, the header packed. */
export function tableBlocks(rows: TableRows): Pick<RunStore, 'appendBlock' | 'readBlocks'> {
  return {
    async appendBlock(runId, sliceId, attemptId, seq, block) {
      const doing = `store block ${seq} of slice ${sliceId} of run ${runId}`;
      // A row that exists is this block, because nobody else writes under the attempt's id.
      await rows.create(doing, blockKey(runId, sliceId, attemptId, seq), await blockValues(encodeBlock(block)));
    },
    async *readBlocks(runId, sliceId, attemptId) {
      const doing = `read the blocks of slice ${sliceId} of run ${runId}`;
      for await (const values of rows.range(doing, blockRange(runId, sliceId, attemptId), BLOCKS_A_PAGE)) {
        yield await blockFrom(doing, values);
      }
    },
  };
}

async function blockValues({ count, header, columns }: EncodedBlock): Promise<RowValues> {
  return { count, ...packBytes('header', await gzip(header)), ...columns };
}

async function blockFrom(doing: string, values: RowValues): Promise<Block> {
  try {
    const header = unpackBytes('header', values);
    if (header === undefined) throw new Error('The stored row is damaged: it has no header.');
    const columns = {} as Record<BlockColumnName, Uint8Array>;
    for (const name of columnNames) columns[name] = binaryValue(name, values);
    return decodeBlock({ count: Number(values.count), header: (await gunzip(header)).toString(), columns });
  } catch (error) {
    throw new Error(`Could not ${doing}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** A progress row is a few KiB, and the service answers with at most 4 MiB. */
const PROGRESS_ROWS_A_PAGE = 200;

/** Progress: a row for each attempt, so that a late write of a lost attempt cannot hide the attempt that superseded it. */
export function tableProgress(rows: TableRows): Pick<RunStore, 'putProgress' | 'readProgress' | 'listProgress'> {
  return {
    async putProgress(runId, progress, signal) {
      const { sliceId, attemptId, atMs } = progress;
      const doing = `store the progress of slice ${sliceId} of run ${runId}`;
      // `at` repeats atMs for people who look into the table.
      const described = { sliceId, attemptId, at: new Date(atMs).toISOString() };
      const values = { ...described, ...(await packJson('progress', progress)) };
      await rows.put(doing, progressKey(runId, sliceId, attemptId), values, signal);
    },
    async readProgress(runId, sliceId, attemptId) {
      const doing = `read the progress of slice ${sliceId} of run ${runId}`;
      const row = await rows.get(doing, progressKey(runId, sliceId, attemptId));
      return row === undefined ? undefined : unpackJson<LiveProgress>('progress', row.values);
    },
    async listProgress(runId) {
      const doing = `list the progress of run ${runId}`;
      const range = wholePartition(progressKey(runId, '', '').partitionKey);
      const found: LiveProgress[] = [];
      for await (const row of rows.range(doing, range, PROGRESS_ROWS_A_PAGE)) {
        const progress = await unpackJson<LiveProgress>('progress', row);
        if (progress !== undefined) found.push(progress);
      }
      return inOrder(found);
    },
  };
}
