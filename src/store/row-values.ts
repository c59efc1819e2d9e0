import { promisify } from 'node:util';
import { gunzip as gunzipCallback, gzip as gzipCallback } from 'node:zlib';

export const gzip = promisify(gzipCallback);
export const gunzip = promisify(gunzipCallback);

/** The properties of a row without its keys. */
export type RowValues = Readonly<Record<string, string | number | boolean | Uint8Array>>;

/** The size of a packed value's pieces; the service allows 64 KiB in a Binary property. */
export const PIECE_BYTES = 60 * 1024;

/**
 * Packs bytes into Binary properties `NAME0`, `NAME1`, … of at most 60 KiB, and their number into `NAMEParts`. If a merge
 * makes a value shorter, pieces of the old value remain in the row; the number tells readers to ignore them.
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
 * Reverses packBytes.
 * @returns undefined if the row has no such value
 * @throws Error if a piece is missing: the row is damaged
 */
export function unpackBytes(name: string, values: RowValues): Uint8Array | undefined {
  const parts = values[`${name}Parts`];
  if (typeof parts !== 'number') return undefined;
  return Buffer.concat(Array.from({ length: parts }, (_, part) => binaryValue(`${name}${part}`, values)));
}

/** Packs a JSON value, as gzip-compressed UTF-8. */
export async function packJson(name: string, value: unknown): Promise<RowValues> {
  return packBytes(name, await gzip(JSON.stringify(value)));
}

/**
 * Reverses packJson. The caller chooses the type; only packJson writes these properties.
 * @returns undefined if the row has no such value
 */
export async function unpackJson<Value>(name: string, values: RowValues): Promise<Value | undefined> {
  const bytes = unpackBytes(name, values);
  return bytes === undefined ? undefined : (JSON.parse((await gunzip(bytes)).toString()) as Value);
}

/** A Binary property. @throws Error if the row does not have it: the row is damaged */
export function binaryValue(name: string, values: RowValues): Uint8Array {
  const value = values[name];
  if (value instanceof Uint8Array) return value;
  throw new Error(`The stored row is damaged: its property ${name} is not Binary.`);
}

/** Values in the form that the table client takes. */
export function toProperties(values: RowValues): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    // Of a Uint8Array the client would encode the whole buffer behind it; a Buffer it encodes correctly.
    properties[name] =
      value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
  }
  return properties;
}

/** Values from an entity of the table client, whose keys and timestamps are left out. */
export function fromEntity(entity: Record<string, unknown>): RowValues {
  const { etag: _etag, partitionKey: _partitionKey, rowKey: _rowKey, timestamp: _timestamp, ...values } = entity;
  for (const [name, value] of Object.entries(values)) {
    // The client gives Buffers, whose slice() shares memory; that of a Uint8Array copies.
    if (Buffer.isBuffer(value)) values[name] = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  return values as RowValues;
}
