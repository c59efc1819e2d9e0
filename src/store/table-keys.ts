import { createHash } from 'node:crypto';

/** Where a row is: rows of one partition lie together and sort by row key, by code unit. */
export type RowKey = { readonly partitionKey: string; readonly rowKey: string };

/** Row keys from `from` (inclusive) up to `to` (exclusive) of one partition. */
export type RowRange = { readonly partitionKey: string; readonly from: string; readonly to: string };

/** Separates the parts of a key; sorts after everything that a part is made of except `~`. */
const SEPARATOR = '|';
/** Sorts after all other characters of a key. */
const LAST = '~';
/** A key may hold three parts, and Azurite takes 512 characters. */
const MAX_PART_LENGTH = 150;
/** The characters of a run id in the order in which they sort. */
const RUN_ID_ALPHABET = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';

/**
 * Any text as a part of a key: letters, digits, `.`, `_` and `-` stay, every other byte of its UTF-8 form becomes `=XX`.
 * A part that would be longer than 150 characters ends with `=~` and the SHA-256 of the text instead.
 */
export function keyPart(text: string): string {
  const escaped = text.replaceAll(/[^0-9A-Za-z._-]+/g, (run) =>
    [...Buffer.from(run)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
  if (escaped.length <= MAX_PART_LENGTH) return escaped;
  const hash = createHash('sha256').update(text).digest('hex');
  return `${escaped.slice(0, MAX_PART_LENGTH - hash.length - 2)}=~${hash}`;
}

/**
 * The run id with each character replaced by its mirror image in the alphabet, and `~` at the end: ids that sort upwards
 * become keys that sort downwards, so that the newest run is the first of its partition.
 * @throws Error when the id has a character outside `[A-Za-z0-9_-]` or is longer than 150
 */
export function newestFirst(runId: string): string {
  if (!/^[A-Za-z0-9_-]{1,150}$/.test(runId)) {
    throw new Error(`Run id "${runId.slice(0, 150)}" is not 1 to 150 letters, digits, "_" or "-".`);
  }
  return [...runId].map((char) => RUN_ID_ALPHABET.at(-1 - RUN_ID_ALPHABET.indexOf(char))).join('') + LAST;
}

/** The run's record: the one row that says how it stands. */
export function runKey(runId: string): RowKey {
  return { partitionKey: 'runs', rowKey: newestFirst(runId) };
}

/** The row that says that a run is of this plan. */
export function planRunKey(planName: string, runId: string): RowKey {
  return { partitionKey: key('runs', 'plan', planName), rowKey: newestFirst(runId) };
}

/** An idempotency key's claim. */
export function claimKey(idempotencyKey: string): RowKey {
  return { partitionKey: 'claims', rowKey: createHash('sha256').update(idempotencyKey).digest('hex') };
}

/** A document's head row. */
export function documentKey(runId: string, name: string): RowKey {
  return { partitionKey: key(runId, 'documents'), rowKey: keyPart(name) };
}

/** A further row of one version of a document. */
export function documentRowKey(runId: string, name: string, version: string, row: number): RowKey {
  const { partitionKey, rowKey } = documentKey(runId, name);
  return { partitionKey, rowKey: [rowKey, version, String(row).padStart(4, '0')].join(SEPARATOR) };
}

/** A slice's ledger, in the partition of its blocks. */
export function ledgerKey(runId: string, sliceId: string): RowKey {
  return { partitionKey: key(runId, 'slice', sliceId), rowKey: 'ledger' };
}

/** A block of samples. */
export function blockKey(runId: string, sliceId: string, attemptId: string, seq: number): RowKey {
  return { partitionKey: key(runId, 'slice', sliceId), rowKey: key(attemptId, String(seq).padStart(6, '0')) };
}

/** All blocks of an attempt. */
export function blockRange(runId: string, sliceId: string, attemptId: string): RowRange {
  const start = keyPart(attemptId) + SEPARATOR;
  return { partitionKey: key(runId, 'slice', sliceId), from: start, to: start + LAST };
}

/** The progress of an attempt at a slice. */
export function progressKey(runId: string, sliceId: string, attemptId: string): RowKey {
  return { partitionKey: key(runId, 'progress'), rowKey: key(sliceId, attemptId) };
}

/** A whole partition: every row key sorts between the two. */
export function wholePartition(partitionKey: string): RowRange {
  return { partitionKey, from: '', to: LAST };
}

function key(...parts: readonly string[]): string {
  return parts.map(keyPart).join(SEPARATOR);
}
