import { promisify } from 'node:util';
import { constants, gunzip as gunzipCallback, gzip as gzipCallback } from 'node:zlib';
import {
  BLOCK_COLUMNS,
  type Block,
  type BlockColumnName,
  columnNames,
  decodeBlock,
  encodeBlock,
} from '../sample/block.ts';

const gzip = promisify(gzipCallback);
const gunzip = promisify(gunzipCallback);

/** A block that takes up little memory. */
export type PackedBlock = { readonly count: number; readonly header: string; readonly columns: Uint8Array };

/** Compresses a block, outside the event loop and quickly rather than well: load may be made meanwhile. */
export async function packBlock(block: Block): Promise<PackedBlock> {
  const { count, header, columns } = encodeBlock(block);
  const bytes = Buffer.concat(columnNames.map((name) => columns[name]));
  return { count, header, columns: await gzip(bytes, { level: constants.Z_BEST_SPEED }) };
}

/** Reverses packBlock. */
export async function unpackBlock({ count, header, columns }: PackedBlock): Promise<Block> {
  const bytes = await gunzip(columns);
  const split = {} as Record<BlockColumnName, Uint8Array>;
  let at = 0;
  for (const name of columnNames) {
    const length = count * BLOCK_COLUMNS[name].BYTES_PER_ELEMENT;
    split[name] = bytes.subarray(at, at + length);
    at += length;
  }
  return decodeBlock({ count, header, columns: split });
}

/** How much memory a packed block takes up, in bytes. */
export function packedBytes({ header, columns }: PackedBlock): number {
  return header.length + columns.byteLength;
}
