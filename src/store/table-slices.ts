import {
  type Block,
  type BlockColumnName,
  columnNames,
  decodeBlock,
  type EncodedBlock,
  encodeBlock,
} from '../sample/block.ts';
import type { LiveProgress } from '../summary/live-progress.ts';
import { binaryValue, gunzip, gzip, packBytes, packJson, unpackBytes, unpackJson } from './row-values.ts';
import { latestProgress, type RunStore } from './run-store.ts';
import {
  EMPTY_LEDGER,
  holderOf,
  type SliceAttempts,
  withDuplicate,
  withLease,
  withMarker,
  withTakeOver,
} from './slice-attempts.ts';
import { blockKey, blockRange, ledgerKey, progressKey, wholePartition } from './table-keys.ts';
import type { RowValues, TableRows } from './table-rows.ts';

/** A full block is about 0.8 MB on the wire and an answer of the service may be 4 MiB. */
const BLOCKS_A_PAGE = 4;

/** Blocks of samples: one row a block, one Binary property a column, the header packed. */
export function tableBlocks(rows: TableRows): Pick<RunStore, 'appendBlock' | 'readBlocks'> {
  return {
    async appendBlock(runId, sliceId, attemptId, seq, block) {
      const values = await valuesOf(encodeBlock(block));
      // A row that is there already is this block: nobody else writes under the attempt's id.
      await rows.create(
        `store block ${seq} of slice ${sliceId} of run ${runId}`,
        blockKey(runId, sliceId, attemptId, seq),
        values,
      );
    },
    async *readBlocks(runId, sliceId, attemptId) {
      const doing = `read the blocks of slice ${sliceId} of run ${runId}`;
      for await (const values of rows.range(doing, blockRange(runId, sliceId, attemptId), BLOCKS_A_PAGE)) {
        yield await blockOf(doing, values);
      }
    },
  };
}

async function valuesOf({ count, header, columns }: EncodedBlock): Promise<RowValues> {
  return { count, ...packBytes('header', await gzip(header)), ...columns };
}

async function blockOf(doing: string, values: RowValues): Promise<Block> {
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

/** Progress rows are a few KiB each and an answer of the service may be 4 MiB. */
const PROGRESS_ROWS_A_PAGE = 200;

/** One row an attempt at a slice, so that a straggler of a lost attempt cannot hide the attempt that replaced it. */
export function tableProgress(
  rows: TableRows,
  pageSize = PROGRESS_ROWS_A_PAGE,
): Pick<RunStore, 'putProgress' | 'listProgress'> {
  return {
    async putProgress(runId, progress) {
      const { sliceId, attemptId, atMs } = progress;
      const doing = `store the progress of slice ${sliceId} of run ${runId}`;
      // atMs is repeated as a property of its own for people who look into the table.
      const values = {
        sliceId,
        attemptId,
        at: new Date(atMs).toISOString(),
        ...(await packJson('progress', progress)),
      };
      await rows.put(doing, progressKey(runId, sliceId, attemptId), values);
    },
    async listProgress(runId) {
      const { partitionKey } = progressKey(runId, '', '');
      const found: LiveProgress[] = [];
      for await (const row of rows.range(`list the progress of run ${runId}`, wholePartition(partitionKey), pageSize)) {
        const progress = await unpackJson<LiveProgress>('progress', row);
        if (progress !== undefined) found.push(progress);
      }
      return latestProgress(found);
    },
  };
}

type LedgerVerbs = 'takeLease' | 'takeOverLease' | 'recordDuplicate' | 'commitSlice' | 'readLedger';

/** A slice has a handful of writers at most; more lost races than this mean that something else is wrong. */
const MAX_ATTEMPTS = 50;

/**
 * A slice's ledger is one row. Every change reads it, applies a pure rule and writes it back only if nobody wrote in
 * between; otherwise it starts again. The rules give a repeated change the answer of the first, so that a write whose
 * answer was lost is recognised as our own.
 */
export function tableLedgers(rows: TableRows): Pick<RunStore, LedgerVerbs> {
  async function change(
    doing: string,
    runId: string,
    sliceId: string,
    rule: (ledger: SliceAttempts) => SliceAttempts | undefined,
  ): Promise<SliceAttempts | undefined> {
    const key = ledgerKey(runId, sliceId);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const row = await rows.get(doing, key);
      const ledger = row === undefined ? EMPTY_LEDGER : await unpackJson<SliceAttempts>('ledger', row.values);
      const changed = rule(ledger ?? EMPTY_LEDGER);
      if (changed === undefined || changed === ledger) return changed;
      const values = await packJson('ledger', changed);
      const done =
        row === undefined ? await rows.create(doing, key, values) : await rows.replace(doing, key, values, row.etag);
      if (done) return changed;
    }
    throw new Error(`Could not ${doing}: other writers came first ${MAX_ATTEMPTS} times.`);
  }

  return {
    async takeLease(runId, sliceId, attempt, holder) {
      const doing = `take attempt ${attempt} at slice ${sliceId} of run ${runId}`;
      const ledger = await change(doing, runId, sliceId, (known) => withLease(known, attempt, holder));
      return ledger === undefined ? holder : (holderOf(ledger, attempt) ?? holder);
    },
    async takeOverLease(runId, sliceId, attempt, from, to) {
      const doing = `take over attempt ${attempt} at slice ${sliceId} of run ${runId}`;
      return (await change(doing, runId, sliceId, (known) => withTakeOver(known, attempt, from, to))) !== undefined;
    },
    async recordDuplicate(runId, sliceId, attempt, holder) {
      const doing = `record a duplicate of slice ${sliceId} of run ${runId}`;
      await change(doing, runId, sliceId, (known) => withDuplicate(known, attempt, holder));
    },
    async commitSlice(runId, marker) {
      const doing = `commit slice ${marker.sliceId} of run ${runId}`;
      await change(doing, runId, marker.sliceId, (known) => withMarker(known, marker));
    },
    async readLedger(runId, sliceId) {
      const row = await rows.get(`read the ledger of slice ${sliceId} of run ${runId}`, ledgerKey(runId, sliceId));
      return (row && (await unpackJson<SliceAttempts>('ledger', row.values))) ?? EMPTY_LEDGER;
    },
  };
}
