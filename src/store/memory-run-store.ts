import type { Block } from '../sample/block.ts';
import type { LiveProgress } from '../summary/live-progress.ts';
import {
  hashOfKey,
  inOrder,
  type KeyClaim,
  type RunRecord,
  type RunStore,
  type Stop,
  UnknownRunError,
} from './run-store.ts';
import {
  currentLease,
  NO_ATTEMPTS,
  type SliceAttempts,
  withCommit,
  withDuplicate,
  withLease,
  withMiss,
  withRelease,
  withReport,
  withSkip,
  withTakeOver,
} from './slice-attempts.ts';

/**
 * A run store for one process; its contents are lost when the process ends. Whatever goes in or out is copied. As with a
 * remote store, a caller that changes an object afterwards changes nothing in the store.
 */
export function memoryRunStore(): RunStore {
  const runs = new Map<string, RunRecord>();
  const claims = new Map<string, KeyClaim>();
  const documents = new Map<string, Uint8Array>();
  const slices = new Map<string, SliceAttempts>();
  const blocks = new Map<string, Map<number, Block>>();
  const progress = new Map<string, Map<string, LiveProgress>>();
  const targets = new Map<string, string>();
  let killSwitch: Stop | undefined;

  const attemptsAt = (runId: string, sliceId: string) => slices.get(keyOf(runId, sliceId)) ?? NO_ATTEMPTS;
  const setAttempts = (runId: string, sliceId: string, changed: SliceAttempts | undefined) => {
    if (changed !== undefined) slices.set(keyOf(runId, sliceId), structuredClone(changed));
    return changed !== undefined;
  };

  function deleteSamples(runId: string, keepDocuments: readonly string[]): void {
    const kept = new Set(keepDocuments.map((name) => keyOf(runId, name)));
    for (const map of [documents, slices, blocks] as Map<string, unknown>[]) {
      for (const key of map.keys()) if (isOfRun(key, runId) && !kept.has(key)) map.delete(key);
    }
    progress.delete(runId);
  }

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
    async changeRun(runId, decide) {
      const record = runs.get(runId);
      if (record === undefined) throw new UnknownRunError(runId);
      const changed = { ...record, ...structuredClone(decide(structuredClone(record))) };
      runs.set(runId, changed);
      return structuredClone(changed);
    },
    async listRuns({ planName, fromRunId, beforeRunId, limit }) {
      const wanted = [...runs.values()]
        .filter((run) => planName === undefined || run.planName === planName)
        .filter(({ runId }) => fromRunId === undefined || runId >= fromRunId)
        .filter(({ runId }) => beforeRunId === undefined || runId < beforeRunId);
      return structuredClone(wanted.sort((a, b) => (a.runId < b.runId ? 1 : -1)).slice(0, limit));
    },
    async reserveKey(key, claim) {
      const first = claims.get(hashOfKey(key)) ?? { ...claim };
      claims.set(hashOfKey(key), first);
      return { ...first };
    },
    async holdTarget(origin, runId, givesWay) {
      for (;;) {
        const holder = targets.get(origin);
        if (holder === runId || (holder !== undefined && !(await givesWay(holder)))) return holder;
        // Somebody else may have taken it meanwhile.
        if (targets.get(origin) === holder) targets.set(origin, runId);
      }
    },
    async readKillSwitch() {
      return killSwitch;
    },
    async writeKillSwitch(stop) {
      killSwitch = structuredClone(stop);
    },

    async putDocument(runId, name, bytes) {
      documents.set(keyOf(runId, name), bytes.slice());
    },
    async getDocument(runId, name) {
      return documents.get(keyOf(runId, name))?.slice();
    },

    async takeLease(runId, sliceId, attempt, holder) {
      const changed = withLease(attemptsAt(runId, sliceId), attempt, holder);
      setAttempts(runId, sliceId, changed);
      return currentLease(changed)?.holder ?? holder;
    },
    async takeOverLease(runId, sliceId, attempt, from, to) {
      return setAttempts(runId, sliceId, withTakeOver(attemptsAt(runId, sliceId), attempt, from, to));
    },
    async releaseLease(runId, sliceId, holder) {
      setAttempts(runId, sliceId, withRelease(attemptsAt(runId, sliceId), holder));
    },
    async recordDuplicate(runId, sliceId, attempt, holder) {
      setAttempts(runId, sliceId, withDuplicate(attemptsAt(runId, sliceId), attempt, holder));
    },
    async recordMiss(runId, sliceId, miss) {
      setAttempts(runId, sliceId, withMiss(attemptsAt(runId, sliceId), miss));
    },
    async reportHolder(runId, sliceId, holder, health) {
      setAttempts(runId, sliceId, withReport(attemptsAt(runId, sliceId), holder, health));
    },
    async commitSlice(runId, commit) {
      return setAttempts(runId, commit.sliceId, withCommit(attemptsAt(runId, commit.sliceId), commit));
    },
    async skipSlice(runId, skip) {
      return setAttempts(runId, skip.sliceId, withSkip(attemptsAt(runId, skip.sliceId), skip));
    },
    async readAttempts(runId, sliceId) {
      return structuredClone(attemptsAt(runId, sliceId));
    },

    async appendBlock(runId, sliceId, attemptId, seq, block) {
      rowsAt(blocks, keyOf(runId, sliceId, attemptId)).set(seq, copyOf(block));
    },
    async *readBlocks(runId, sliceId, attemptId) {
      const stored = blocks.get(keyOf(runId, sliceId, attemptId)) ?? new Map<number, Block>();
      for (const [, block] of [...stored].sort(([a], [b]) => a - b)) yield copyOf(block);
    },

    async putProgress(runId, row) {
      rowsAt(progress, runId).set(keyOf(row.sliceId, row.attemptId), structuredClone(row));
    },
    async readProgress(runId, sliceId, attemptId) {
      return structuredClone(progress.get(runId)?.get(keyOf(sliceId, attemptId)));
    },
    async listProgress(runId) {
      return structuredClone(inOrder(progress.get(runId)?.values() ?? []));
    },

    async deleteSamples(runId, keepDocuments) {
      deleteSamples(runId, keepDocuments);
    },
    async deleteRun(runId) {
      deleteSamples(runId, []);
      claims.delete(runs.get(runId)?.idempotencyKeyHash ?? '');
      runs.delete(runId);
    },
    async deleteClaims(beforeRunId) {
      for (const [hash, { runId }] of claims) if (runId < beforeRunId) claims.delete(hash);
    },
  };
}

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

/** Whether a key begins with a run's id. */
function isOfRun(key: string, runId: string): boolean {
  return (JSON.parse(key) as string[])[0] === runId;
}

/** The map under a key, made if it is missing. */
function rowsAt<Key, Value>(maps: Map<string, Map<Key, Value>>, key: string): Map<Key, Value> {
  const known = maps.get(key) ?? new Map<Key, Value>();
  maps.set(key, known);
  return known;
}

/** Copies a block. structuredClone would copy each column's whole buffer, and a block may use only a part of it. */
function copyOf(block: Block): Block {
  const columns = Object.fromEntries(Object.entries(block.columns).map(([name, column]) => [name, column.slice()]));
  return { ...structuredClone({ ...block, columns: {} }), columns: columns as unknown as Block['columns'] };
}
