import { createHash } from 'node:crypto';

/** The address of a row. The rows of a partition are stored together and sort by row key, by code unit. */
export type RowKey = { readonly partitionKey: string; readonly rowKey: string };

/** The rows of a partition with keys from `from` (inclusive) to `to` (exclusive). */
export type RowRange = { readonly partitionKey: string; readonly from: string; readonly to: string };

/** Separates the parts of a key; sorts after every character of a part except `~`. */
const SEPARATOR = '|';
/** Sorts after all other characters of a key. */
const LAST = '~';
/** A key has up to three parts, and Azurite accepts 512 characters. */
const MAX_PART_LENGTH = 150;
/** The characters of a run id, as they sort. */
const RUN_ID_ALPHABET = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';

/**
 * Escapes any text as a part of a key: letters, digits, `.`, `_` and `-` stay, every other byte of the UTF-8 form becomes
 * `=XX`. A part that would be longer than 150 characters is cut, and ends with `=~` and the SHA-256 of the text.
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
 * The run id with each character replaced by the one at the same distance from the other end of the alphabet, and `~`
 * added. Ids that sort upwards become keys that sort downwards, so that the newest run comes first in its partition.
 * @throws Error if the id has a character outside `[A-Za-z0-9_-]` or is longer than 150
 */
export function newestFirst(runId: string): string {
  if (!/^[A-Za-z0-9_-]{1,150}$/.test(runId)) {
    throw new Error(`Run id "${runId.slice(0, 150)}" must be 1 to 150 letters, digits, "_" or "-".`);
  }
  return [...runId].map((char) => RUN_ID_ALPHABET.at(-1 - RUN_ID_ALPHABET.indexOf(char))).join('') + LAST;
}

/** The run's record: the one row that holds its state. */
export function runKey(runId: string): RowKey {
  return { partitionKey: 'runs', rowKey: newestFirst(runId) };
}

/** The row that lists a run under its plan. */
export function planRunKey(planName: string, runId: string): RowKey {
  return { partitionKey: key('runs', 'plan', planName), rowKey: newestFirst(runId) };
}

/**
 * The runs from one id on and before another, where they are listed newest first; without bounds all of them.
 * @param partitionKey of {@link runKey} or {@link planRunKey}
 */
export function runRange(partitionKey: string, fromRunId?: string, beforeRunId?: string): RowRange {
  return {
    partitionKey,
    from: beforeRunId === undefined ? '' : newestFirst(beforeRunId) + LAST,
    to: fromRunId === undefined ? LAST : newestFirst(fromRunId) + LAST,
  };
}

/** The claim of an idempotency key. @param hash see hashOfKey */
export function claimKey(hash: string): RowKey {
  return { partitionKey: 'claims', rowKey: hash };
}

/** The kill switch. */
export const killSwitchKey: RowKey = { partitionKey: 'control', rowKey: 'stop' };

/** The run that has a target. */
export function targetKey(origin: string): RowKey {
  return { partitionKey: 'control', rowKey: key('target', origin) };
}

/** The partitions of a run's documents, slices and progress: the first, and an end that is beyond the last. */
export function runPartitions(runId: string): { readonly from: string; readonly to: string } {
  const from = keyPart(runId) + SEPARATOR;
  return { from, to: from + LAST };
}

/** Whether a row of {@link runPartitions} belongs to one of these documents. */
export function isRowOfDocument(key: RowKey, runId: string, names: readonly string[]): boolean {
  return names.some((name) => {
    const head = documentKey(runId, name);
    if (key.partitionKey !== head.partitionKey) return false;
    return key.rowKey === head.rowKey || key.rowKey.startsWith(head.rowKey + SEPARATOR);
  });
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

/** The attempts at a slice, in the partition of its blocks. */
export function attemptsKey(runId: string, sliceId: string): RowKey {
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

/** All rows of a partition: every row key sorts between the two ends. */
export function wholePartition(partitionKey: string): RowRange {
  return { partitionKey, from: '', to: LAST };
}

function key(...parts: readonly string[]): string {
  return parts.map(keyPart).join(SEPARATOR);
}
