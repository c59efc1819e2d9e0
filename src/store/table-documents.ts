import { randomUUID } from 'node:crypto';
import { gunzip, gzip, PIECE_BYTES, packBytes, unpackBytes } from './row-values.ts';
import type { RunStore } from './run-store.ts';
import { documentKey, documentRowKey } from './table-keys.ts';
import type { RowValues, StoredRow, TableRows } from './table-rows.ts';

/** Ten pieces a row: 600 KiB, of which Azurite counts the base64 form against an entity's 1 MiB. */
const ROW_BYTES = 10 * PIECE_BYTES;

/** How often a reader or writer starts again because somebody else replaced the document meanwhile. */
const MAX_ATTEMPTS = 20;

/**
 * Documents, gzip-compressed. The head row holds the first 600 KiB and names the version; further rows carry the
 * version in their keys and are written before the head, so that a head never names rows that are not there. A head is
 * only ever replaced in the state in which it was read, and whoever replaces it removes the rows of the version that it
 * named: every version is removed once, and never while a head names it.
 */
export function tableDocuments(rows: TableRows): Pick<RunStore, 'putDocument' | 'getDocument'> {
  async function removeRows(runId: string, name: string, head: RowValues): Promise<void> {
    for (let row = 1; row < Number(head.rows); row++) {
      const key = documentRowKey(runId, name, String(head.version), row);
      await rows.remove(`remove the former document ${name} of run ${runId}`, key);
    }
  }

  /** Undefined when a row is missing: a writer replaced the document after the head was read. */
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
      const former = await replaceHead(rows, doing, documentKey(runId, name), head);
      if (former !== undefined) await removeRows(runId, name, former.values);
    },

    async getDocument(runId, name) {
      const doing = `read document ${name} of run ${runId}`;
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const head = await rows.get(doing, documentKey(runId, name));
        if (head === undefined) return undefined;
        const compressed = await readVersion(runId, name, head.values);
        if (compressed !== undefined) return await gunzip(compressed);
      }
      throw new Error(`Could not ${doing}: a row of it is missing, after ${MAX_ATTEMPTS} attempts.`);
    },
  };
}

/** Sets the head; returns the one that it replaced. */
async function replaceHead(
  rows: TableRows,
  doing: string,
  key: ReturnType<typeof documentKey>,
  head: RowValues,
): Promise<StoredRow | undefined> {
  let former: StoredRow | undefined;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const current = await rows.get(doing, key);
    // When the answer to a successful write is lost, the client's retry fails on the state that the write made.
    if (current?.values.version === head.version) return former;
    former = current;
    const done =
      current === undefined ? await rows.create(doing, key, head) : await rows.replace(doing, key, head, current.etag);
    if (done) return former;
  }
  throw new Error(`Could not ${doing}: other writers replaced it ${MAX_ATTEMPTS} times meanwhile.`);
}
