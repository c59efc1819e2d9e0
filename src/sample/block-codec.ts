import { BLOCK_COLUMNS, type Block, type BlockColumnName, type BlockColumns } from './block.ts';

/** A block as it is stored: a small JSON header, and each column's little-endian bytes. */
export type EncodedBlock = {
  readonly count: number;
  /** JSON of originMs, operations, outcomes and examples. */
  readonly header: string;
  readonly columns: Readonly<Record<BlockColumnName, Uint8Array>>;
};

export const columnNames = Object.keys(BLOCK_COLUMNS) as readonly BlockColumnName[];

/** Encodes without copying: the columns share memory with the block. */
export function encodeBlock(block: Block): EncodedBlock {
  assertLittleEndian();
  const { count, originMs, operations, outcomes, examples } = block;
  const columns = {} as Record<BlockColumnName, Uint8Array>;
  for (const name of columnNames) {
    const column = block.columns[name];
    columns[name] = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
  }
  return { count, header: JSON.stringify({ originMs, operations, outcomes, examples }), columns };
}

/**
 * The inverse of encodeBlock.
 * @throws when a column's length does not fit the count: the stored block is damaged
 */
export function decodeBlock(encoded: EncodedBlock): Block {
  assertLittleEndian();
  const columns = {} as Record<BlockColumnName, Uint32Array | Uint16Array | Uint8Array>;
  for (const name of columnNames) {
    const ArrayType = BLOCK_COLUMNS[name];
    const bytes = encoded.columns[name];
    if (bytes.byteLength !== encoded.count * ArrayType.BYTES_PER_ELEMENT) {
      throw new Error(
        `Block column ${name} has ${bytes.byteLength} bytes, which does not fit ${encoded.count} samples.`,
      );
    }
    // A copy, because stored bytes may start at an odd offset, where a wider array cannot.
    columns[name] = new ArrayType(new Uint8Array(bytes).buffer);
  }
  const header = JSON.parse(encoded.header) as Omit<Block, 'count' | 'columns'>;
  return { count: encoded.count, ...header, columns: columns as BlockColumns };
}

function assertLittleEndian(): void {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) {
    throw new Error('Blocks are little-endian and this processor is not: run mcp-surge on x64 or arm64.');
  }
}
