import type { Block } from '../sample/block.ts';
import type { LiveProgress } from '../summary/live-progress.ts';
import { type KeyClaim, latestProgress, type RunRecord, type RunStore, UnknownRunError } from './run-store.ts';
import {
  EMPTY_LEDGER,
  holderOf,
  type SliceAttempts,
  withDuplicate,
  withLease,
  withMarker,
  withTakeOver,
} from './slice-attempts.ts';

/**
 * A run store for one process; everything is gone when the process ends. What goes in and out is copied, so that a
 * caller who changes an object afterwards changes nothing in the store, just as with a remote one.
 */
export function memoryRunStore(): RunStore {
  const runs = new Map<string, RunRecord>();
  const claims = new Map<string, KeyClaim>();
  const documents = new Map<string, Uint8Array>();
  const ledgers = new Map<string, SliceAttempts>();
  const blocks = new Map<string, Map<number, Block>>();
  const progress = new Map<string, Map<string, LiveProgress>>();

  const ledger = (runId: string, sliceId: string) => ledgers.get(keyOf(runId, sliceId)) ?? EMPTY_LEDGER;
  const setLedger = (runId: string, sliceId: string, changed: SliceAttempts) => {
    ledgers.set(keyOf(runId, sliceId), structuredClone(changed));
  };

  return {
    async createRun(record) {
      if (runs.has(record.runId)) return false;
      runs.set(record.runId, structuredClone(record));
      return true;
    },
    async getRun(runId) {
      return structuredClone(runs.get(runId));
    },
    async updateRun(runId, change) {
      const record = runs.get(runId);
      if (record === undefined) throw new UnknownRunError(runId);
      runs.set(runId, { ...record, ...structuredClone(change) });
    },
    async listRuns({ planName, limit }) {
      const wanted = [...runs.values()].filter((run) => planName === undefined || run.planName === planName);
      return structuredClone(wanted.sort((a, b) => (a.runId < b.runId ? 1 : -1)).slice(0, limit));
    },
    async reserveKey(key, claim) {
      const first = claims.get(key) ?? { ...claim };
      claims.set(key, first);
      return { ...first };
    },

    async putDocument(runId, name, bytes) {
      documents.set(keyOf(runId, name), bytes.slice());
    },
    async getDocument(runId, name) {
      return documents.get(keyOf(runId, name))?.slice();
    },

    async takeLease(runId, sliceId, attempt, holder) {
      const changed = withLease(ledger(runId, sliceId), attempt, holder);
      setLedger(runId, sliceId, changed);
      return holderOf(changed, attempt) ?? holder;
    },
    async takeOverLease(runId, sliceId, attempt, from, to) {
      const changed = withTakeOver(ledger(runId, sliceId), attempt, from, to);
      if (changed !== undefined) setLedger(runId, sliceId, changed);
      return changed !== undefined;
    },
    async recordDuplicate(runId, sliceId, attempt, holder) {
      setLedger(runId, sliceId, withDuplicate(ledger(runId, sliceId), attempt, holder));
    },
    async commitSlice(runId, marker) {
      setLedger(runId, marker.sliceId, withMarker(ledger(runId, marker.sliceId), marker));
    },
    async readLedger(runId, sliceId) {
      return structuredClone(ledger(runId, sliceId));
    },

    async appendBlock(runId, sliceId, attemptId, seq, block) {
      entry(blocks, keyOf(runId, sliceId, attemptId)).set(seq, copyOf(block));
    },
    async *readBlocks(runId, sliceId, attemptId) {
      const stored = blocks.get(keyOf(runId, sliceId, attemptId)) ?? new Map<number, Block>();
      for (const [, block] of [...stored].sort(([a], [b]) => a - b)) yield copyOf(block);
    },

    async putProgress(runId, row) {
      entry(progress, runId).set(keyOf(row.sliceId, row.attemptId), structuredClone(row));
    },
    async listProgress(runId) {
      return structuredClone(latestProgress(progress.get(runId)?.values() ?? []));
    },
  };
}

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

function entry<Key, Value>(rows: Map<string, Map<Key, Value>>, key: string): Map<Key, Value> {
  const known = rows.get(key) ?? new Map<Key, Value>();
  rows.set(key, known);
  return known;
}

/** structuredClone would copy a column's whole buffer, of which a block may use but a part. */
function copyOf(block: Block): Block {
  const columns = Object.fromEntries(Object.entries(block.columns).map(([name, column]) => [name, column.slice()]));
  return { ...structuredClone({ ...block, columns: {} }), columns: columns as unknown as Block['columns'] };
}
