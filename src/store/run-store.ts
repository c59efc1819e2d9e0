import type { ReportTarget } from '../report/report.ts';
import type { Block } from '../sample/block.ts';
import type { LiveProgress } from '../summary/live-progress.ts';
import type { Abort, Verdict } from '../verdict/verdict.ts';
import type { SliceAttempts, SliceCommit } from './slice-attempts.ts';

/**
 * Where a run stands. `queued` → `preflight` → `running` → `concluding` → `done`; a run whose preflight finds a fault
 * ends as `refused`, one that breaks for a reason of our own as `failed`.
 */
export type RunState = 'queued' | 'preflight' | 'running' | 'concluding' | 'done' | 'refused' | 'failed';

/** When and in how many parts a run goes; fixed once by preflight. */
export type RunSchedule = {
  /** Epoch milliseconds of the planned start and of the end of the last window. */
  readonly startAtMs: number;
  readonly endAtMs: number;
  readonly lanes: number;
  readonly windows: number;
  readonly windowMs: number;
};

/** What is known of a run besides its plan, samples and report. */
export type RunRecord = {
  /** Sorts by time; only `[A-Za-z0-9_-]`. */
  readonly runId: string;
  readonly planName: string;
  readonly planHash: string;
  readonly trigger: 'http' | 'canary' | 'command';
  /** The earlier run that this one is compared with. */
  readonly baselineRunId?: string;
  readonly createdAt: string;
  readonly state: RunState;
  readonly stopRequested: boolean;
  /** Why the run stopped itself; absent when nobody or a person stopped it. */
  readonly abort?: Abort;
  readonly schedule?: RunSchedule;
  readonly targets?: readonly ReportTarget[];
  /** Why the run was refused or failed, one sentence each. */
  readonly problems?: readonly string[];
  readonly verdict?: Verdict;
  readonly endedAt?: string;
};

/** The parts of a record that change after its creation. */
export type RunChange = Partial<
  Pick<RunRecord, 'state' | 'stopRequested' | 'abort' | 'schedule' | 'targets' | 'problems' | 'verdict' | 'endedAt'>
>;

/** Thrown when a run is to be changed that was never stored. */
export class UnknownRunError extends Error {
  constructor(runId: string) {
    super(`Run ${runId} is not in the store: check the id, and that the run was created in this storage account.`);
    this.name = 'UnknownRunError';
  }
}

/** The latest row of each slice by its own clock, in order of slice id: attempts at one slice write a row each. */
export function latestProgress(rows: Iterable<LiveProgress>): LiveProgress[] {
  const latest = new Map<string, LiveProgress>();
  for (const row of rows) {
    const known = latest.get(row.sliceId);
    if (known === undefined || row.atMs > known.atMs) latest.set(row.sliceId, row);
  }
  return [...latest.values()].sort((a, b) => (a.sliceId < b.sliceId ? -1 : 1));
}

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
  commitSlice(runId: string, marker: SliceCommit): Promise<void>;
  readLedger(runId: string, sliceId: string): Promise<SliceAttempts>;

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
