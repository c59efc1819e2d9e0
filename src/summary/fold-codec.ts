import type { Fold } from './fold.ts';

/** What stands in the header for an array: how many integers it has. */
type ArrayMark = { readonly integers: number };

/**
 * A fold as bytes: length of the header (4 bytes, little-endian), header as JSON in UTF-8, all integers. The header is
 * the fold with marks in the place of its arrays, which follow in the order of their marks, little-endian.
 */
export function encodeFold(fold: Fold): Uint8Array {
  const arrays: Uint32Array[] = [];
  const header = JSON.stringify(fold, (_, value) => {
    if (!(value instanceof Uint32Array)) return value;
    arrays.push(value);
    return { integers: value.length } satisfies ArrayMark;
  });
  const json = Buffer.from(header);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([
    length,
    json,
    ...arrays.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)),
  ]);
}

/**
 * The inverse of encodeFold.
 * @throws when the bytes do not fit the header: the stored fold is damaged
 */
export function decodeFold(bytes: Uint8Array): Fold {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const jsonEnd = 4 + buffer.readUInt32LE(0);
  // A copy, because the header's length leaves the integers at any offset.
  const copy = buffer.buffer.slice(buffer.byteOffset + jsonEnd, buffer.byteOffset + buffer.byteLength);
  const all = new Uint32Array(copy, 0, Math.floor(copy.byteLength / Uint32Array.BYTES_PER_ELEMENT));
  let at = 0;
  // Parsing revives values in the order in which they were written.
  const fold = JSON.parse(buffer.toString('utf8', 4, jsonEnd), (_, value) => {
    if (!isMark(value)) return value;
    at += value.integers;
    return all.slice(at - value.integers, at);
  }) as Fold;
  if (copy.byteLength !== at * Uint32Array.BYTES_PER_ELEMENT) {
    throw new Error(`A fold of ${at} integers has ${copy.byteLength} bytes of them.`);
  }
  return fold;
}

function isMark(value: unknown): value is ArrayMark {
  return typeof value === 'object' && value !== null && 'integers' in value;
}
