import { promisify } from 'node:util';
import { gunzip as gunzipCallback, gzip as gzipCallback } from 'node:zlib';
import type { RowValues } from './table-rows.ts';

export const gzip = promisify(gzipCallback);
export const gunzip = promisify(gunzipCallback);

/** A Binary property may hold 64 KiB. */
export const PIECE_BYTES = 60 * 1024;

/**
 * Bytes as Binary properties `NAME0`, `NAME1`, … of at most 60 KiB, and their number as `NAMEParts`: a merge that makes
 * the value shorter leaves pieces of the old one behind, which the number says to ignore.
 */
export function packBytes(name: string, bytes: Uint8Array): RowValues {
  const parts = Math.ceil(bytes.byteLength / PIECE_BYTES);
  const values: Record<string, Uint8Array | number> = { [`${name}Parts`]: parts };
  for (let part = 0; part < parts; part++) {
    values[`${name}${part}`] = bytes.subarray(part * PIECE_BYTES, (part + 1) * PIECE_BYTES);
  }
  return values;
}

/**
 * The inverse of packBytes.
 * @returns undefined when the row has no such value
 * @throws Error when a piece is missing: the row is damaged
 */
export function unpackBytes(name: string, values: RowValues): Uint8Array | undefined {
  const parts = values[`${name}Parts`];
  if (typeof parts !== 'number') return undefined;
  return Buffer.concat(Array.from({ length: parts }, (_, part) => binaryValue(`${name}${part}`, values)));
}

/** @throws Error when the row has no such Binary property: the row is damaged */
export function binaryValue(name: string, values: RowValues): Uint8Array {
  const value = values[name];
  if (value instanceof Uint8Array) return value;
  throw new Error(`The stored row is damaged: its property ${name} is not Binary.`);
}

/** Any JSON value as UTF-8, gzip-compressed and packed into Binary properties. */
export async function packJson(name: string, value: unknown): Promise<RowValues> {
  return packBytes(name, await gzip(JSON.stringify(value)));
}

/**
 * The inverse of packJson; undefined when the row has no such value.
 * The type is the caller's word: only packJson writes these properties.
 */
export async function unpackJson<Value>(name: string, values: RowValues): Promise<Value | undefined> {
  const bytes = unpackBytes(name, values);
  return bytes === undefined ? undefined : (JSON.parse((await gunzip(bytes)).toString()) as Value);
}
