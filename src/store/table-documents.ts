import { randomUUID } from 'node:crypto';
import { gunzip, gzip, PIECE_BYTES, packBytes, type RowValues, unpackBytes } from './row-values.ts';
import type { RunStore } from './run-store.ts';
import { documentKey, documentRowKey, type RowKey } from './table-keys.ts';
import type { StoredRow, TableRows } from './table-rows.ts';

/** How much of a document one row holds: 600 KiB. Azurite counts the base64 form, and an entity may have 1 MiB. */
const ROW_BYTES = 10 * PIECE_BYTES;

/** How often a reader or writer starts again because somebody else has replaced the document. */
const MAX_TRIES = 20;

/**
 * Documents, gzip-compressed. The head row holds the first 600 KiB and names the version; further rows have the version
 * in their keys. They are written before the head, so that a head never names a row that does not exist. A head is
 * replaced only in the state in which it was read, and its replacer removes the rows of the version that it named. So
 * every version is removed once, and never while a head names it.
 */
export function tableDocuments(rows: TableRows): Pick<RunStore, 'putDocument' | 'getDocument'> {
  async function removeRows(runId: string, name: string, head: RowValues): Promise<void> {
    for (let row = 1; row < Number(head.rows); row++) {
      const key = documentRowKey(runId, name, String(head.version), row);
      await rows.remove(`remove the previous document ${name} of run ${runId}`, key);
    }
  }

  /** Undefined if a row is missing: a writer has replaced the document since the head was read. */
  async function readVersion(runId: string, name: string, head: RowValues): Promise<Uint8Array | undefined> {
    const pieces = [unpackBytes('data', head)];
    for (let row = 1; row < Number(head.rows); row++) {
      const key = documentRowKey(runId, name, String(head.version), row);
      const further = await rows.get(`read document ${name} of run ${runId}`, key);
      if (further === undefined) return undefined;
      pieces.push(unpackBytes('data', further.values));
    }
    return Buffer.concat(pieces.filter((piece) => piece !== undefined));
  }

  return {
    async putDocument(runId, name, bytes) {
      const doing = `store document ${name} of run ${runId}`;
      const compressed = await gzip(bytes);
      const count = Math.max(1, Math.ceil(compressed.byteLength / ROW_BYTES));
      const version = randomUUID();
      for (let row = 1; row < count; row++) {
        const part = compressed.subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES);
        await rows.put(doing, documentRowKey(runId, name, version, row), packBytes('data', part));
      }
      const first = packBytes('data', compressed.subarray(0, ROW_BYTES));
      const head = { version, rows: count, bytes: bytes.byteLength, ...first };
      const previous = await replaceHead(rows, doing, documentKey(runId, name), head);
      if (previous !== undefined) await removeRows(runId, name, previous.values);
    },

    async getDocument(runId, name) {
      const doing = `read document ${name} of run ${runId}`;
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const head = await rows.get(doing, documentKey(runId, name));
        if (head === undefined) return undefined;
        const compressed = await readVersion(runId, name, head.values);
        if (compressed !== undefined) return await gunzip(compressed);
      }
      throw new Error(`Could not ${doing}: one of its rows is missing, after ${MAX_TRIES} attempts.`);
    },
  };
}

/** Writes the head; returns the one that it replaced. */
async function replaceHead(
  rows: TableRows,
  doing: string,
  key: RowKey,
  head: RowValues,
): Promise<StoredRow | undefined> {
  let previous: StoredRow | undefined;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const current = await rows.get(doing, key);
    // After a write whose response was lost, the client's repeat fails on the state that the write itself has made.
    if (current?.values.version === head.version) return previous;
    previous = current;
    const done =
      current === undefined ? await rows.create(doing, key, head) : await rows.replace(doing, key, head, current.etag);
    if (done) return previous;
  }
  throw new Error(`Could not ${doing}: other writers replaced it ${MAX_TRIES} times.`);
}
