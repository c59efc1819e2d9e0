import type { Block } from '../sample/block.ts';
import type { LiveProgress } from '../summary/live-progress.ts';
import type { RunChange, RunRecord } from './run-record.ts';
import type { SliceLedger, SliceMarker } from './slice-ledger.ts';

/**
 * Where runs live. Every call may be repeated with the same arguments and then changes nothing further, because
 * Durable Functions delivers at least once.
 */
export type RunStore = {
  /** Stores a new run; false when the id is taken (the stored one stays as it is). */
  createRun(record: RunRecord): Promise<boolean>;
  getRun(runId: string): Promise<RunRecord | undefined>;
  /** Changes the named parts and leaves the others, so that two writers of different parts do not undo each other. */
  updateRun(runId: string, change: RunChange): Promise<void>;
  /** Newest first. */
  listRuns(query: { readonly planName?: string; readonly limit: number }): Promise<RunRecord[]>;
  /**
   * Binds an idempotency key to a run; the first caller wins, every caller gets the winner's pair.
   * @param key any string; stored as a hash
   */
  reserveKey(key: string, claim: KeyClaim): Promise<KeyClaim>;

  /** A named file of the run (plan, partial summary, report) of any size; replaces an earlier one. */
  putDocument(runId: string, name: string, bytes: Uint8Array): Promise<void>;
  getDocument(runId: string, name: string): Promise<Uint8Array | undefined>;

  /** Takes the right to run an attempt at a slice; returns who holds it afterwards: the caller, or whoever came first. */
  takeLease(runId: string, sliceId: string, attempt: number, holder: string): Promise<string>;
  /** Moves a lease from a holder that is dead to another; false when `from` does not hold it any more. */
  takeOverLease(runId: string, sliceId: string, attempt: number, from: string, to: string): Promise<boolean>;
  /** Notes that a slice was delivered to a second holder. */
  recordDuplicate(runId: string, sliceId: string, attempt: number, holder: string): Promise<void>;
  /** Names the attempts whose blocks count. */
  commitSlice(runId: string, marker: SliceMarker): Promise<void>;
  readLedger(runId: string, sliceId: string): Promise<SliceLedger>;

  /** @param seq 0, 1, 2, … within the attempt */
  appendBlock(runId: string, sliceId: string, attemptId: string, seq: number, block: Block): Promise<void>;
  /** The attempt's blocks in order. */
  readBlocks(runId: string, sliceId: string, attemptId: string): AsyncIterable<Block>;

  putProgress(runId: string, progress: LiveProgress): Promise<void>;
  /** The latest progress of every slice that has any. */
  listProgress(runId: string): Promise<LiveProgress[]>;
};

/** What an idempotency key stands for. */
export type KeyClaim = { readonly runId: string; readonly planHash: string };
