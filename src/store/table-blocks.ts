import type { Block, BlockColumnName } from '../sample/block.ts';
import { columnNames, decodeBlock, type EncodedBlock, encodeBlock } from '../sample/block-codec.ts';
import { binaryValue, gunzip, gzip, packBytes, unpackBytes } from './packed-bytes.ts';
import type { RunStore } from './run-store.ts';
import { blockKey, blockRange } from './table-keys.ts';
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
