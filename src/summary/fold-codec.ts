import type { Cell, Fold } from './fold.ts';

/** Stands in the header for an array: its number of integers. */
type ArrayMark = { readonly integers: number };

/** Fields whose names in the stored format differ from those of a Fold. */
const STORED_NAMES: Readonly<Record<string, string>> = { phase: 'part', iterationsWithoutFeedRow: 'unfed' };
const FOLD_NAMES = Object.fromEntries(Object.entries(STORED_NAMES).map(([name, stored]) => [stored, name]));

/**
 * A fold as bytes: length of the header (4 bytes, little-endian), header as JSON in UTF-8, all integers. The header is
 * the fold with marks instead of its arrays. The arrays follow in the order of their marks, little-endian.
 */
export function encodeFold(fold: Fold): Uint8Array {
  const arrays: Uint32Array[] = [];
  const header = JSON.stringify({ ...fold, cells: fold.cells.map(toStored) }, (_, value) => {
    if (!(value instanceof Uint32Array)) return renamed(value, STORED_NAMES);
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
 * @throws when the bytes do not match the header: the stored fold is damaged
 */
export function decodeFold(bytes: Uint8Array): Fold {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const jsonEnd = 4 + buffer.readUInt32LE(0);
  // A copy, because after the header the integers may start at any offset.
  const copy = buffer.buffer.slice(buffer.byteOffset + jsonEnd, buffer.byteOffset + buffer.byteLength);
  const all = new Uint32Array(copy, 0, Math.floor(copy.byteLength / Uint32Array.BYTES_PER_ELEMENT));
  let at = 0;
  // Parsing revives values in the order in which they were written.
  const fold = JSON.parse(buffer.toString('utf8', 4, jsonEnd), (_, value) => {
    if (!isMark(value)) return renamed(value, FOLD_NAMES);
    at += value.integers;
    return all.slice(at - value.integers, at);
  }) as Omit<Fold, 'cells'> & { readonly cells: readonly StoredCell[] };
  if (copy.byteLength !== at * Uint32Array.BYTES_PER_ELEMENT) {
    throw new Error(`A fold of ${at} integers has ${copy.byteLength} bytes of them.`);
  }
  return { ...fold, cells: fold.cells.map(fromStored) };
}

type StoredCell = Omit<Cell, 'silent' | 'censored'> & Partial<Pick<Cell, 'silent' | 'censored'>>;

/** A cell without its arrays of waits where they are empty, as in earlier versions, which had none. */
function toStored({ silent, censored, ...rest }: Cell): StoredCell {
  return {
    ...rest,
    ...(silent.length === 0 ? {} : { silent }),
    ...(censored.length === 0 ? {} : { censored }),
  };
}

function fromStored({ silent = new Uint32Array(), censored = new Uint32Array(), ...rest }: StoredCell): Cell {
  return { ...rest, silent, censored };
}

/** The same object with some of its fields renamed, in the same order; any other value as it is. */
function renamed(value: unknown, names: Readonly<Record<string, string>>): unknown {
  if (typeof value !== 'object' || value === null || !Object.keys(names).some((name) => name in value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [names[name] ?? name, field]));
}

function isMark(value: unknown): value is ArrayMark {
  return typeof value === 'object' && value !== null && 'integers' in value;
}
