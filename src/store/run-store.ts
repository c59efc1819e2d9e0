import { createHash } from 'node:crypto';
import type { Problem } from '../plan/problem.ts';
import type { ReportTarget } from '../report/report.ts';
import type { Block } from '../sample/block.ts';
import type { EndedSlices, SliceHealth } from '../summary/generator-health.ts';
import type { LiveProgress } from '../summary/live-progress.ts';
import type { Abort, Verdict } from '../verdict/verdict.ts';
import type { SliceAttempts, SliceCommit, SliceMiss, SliceSkip } from './slice-attempts.ts';

/**
 * Where runs are stored. Every call may be repeated with the same arguments, and then changes nothing more, because
 * Durable Functions delivers at least once.
 */
export type RunStore = {
  /** Stores a new run; false if the id is taken, and then the stored run is unchanged. */
  createRun(record: RunRecord): Promise<boolean>;
  /** @param signal ends the call */
  getRun(runId: string, signal?: AbortSignal): Promise<RunRecord | undefined>;
  /** Changes the given fields and keeps the others, so that writers of different fields do not undo each other. */
  updateRun(runId: string, change: RunChange): Promise<void>;
  /**
   * Changes a run depending on its record: nobody changes the record between the decision and the write.
   * @param decide gives the change, or undefined for none; it may be called again, even after its change was written
   * @returns the record after the change
   */
  changeRun(runId: string, decide: (record: RunRecord) => RunChange | undefined): Promise<RunRecord>;
  /** Newest first. */
  listRuns(query: RunQuery): Promise<RunRecord[]>;
  /**
   * Binds an idempotency key to a run. The first caller wins, and every caller gets the winner's claim.
   * @param key any string; it is stored as a hash
   */
  reserveKey(key: string, claim: KeyClaim): Promise<KeyClaim>;

  /**
   * Gives a target to a run, so that it is the only one that loads it. Of several runs at the same moment, one gets it.
   * @param origin of the target
   * @param givesWay whether the run that has the target must give it up, e.g. because it has ended
   * @returns the run that has the target afterwards
   */
  holdTarget(origin: string, runId: string, givesWay: (holder: string) => Promise<boolean>): Promise<string>;

  /** The kill switch; undefined while it is off. */
  readKillSwitch(): Promise<Stop | undefined>;
  /** Turns the kill switch on, or off if there is no stop. */
  writeKillSwitch(stop: Stop | undefined): Promise<void>;

  /** Stores a named file of the run (plan, fold, report) of any size, or replaces it. */
  putDocument(runId: string, name: string, bytes: Uint8Array): Promise<void>;
  getDocument(runId: string, name: string): Promise<Uint8Array | undefined>;

  /** Takes the lease on a slice if nobody has it. @returns the holder of the lease: the caller, or whoever came first */
  takeLease(runId: string, sliceId: string, attempt: number, holder: string): Promise<string>;
  /** Moves a lease to a new holder; false if `from` no longer holds it, or if the slice is over. @param attempt of `to` */
  takeOverLease(runId: string, sliceId: string, attempt: number, from: string, to: string): Promise<boolean>;
  /** Records that a holder has ended, so that nobody needs to wait for signs of its death. */
  releaseLease(runId: string, sliceId: string, holder: string): Promise<void>;
  /** Records that a slice was delivered while it had a holder. */
  recordDuplicate(runId: string, sliceId: string, attempt: number, holder: string): Promise<void>;
  /** Records a delivery that ended without ever having held the slice, other than a duplicate. */
  recordMiss(runId: string, sliceId: string, miss: SliceMiss): Promise<void>;
  /** Records what a holder reports that does not complete the slice. */
  reportHolder(runId: string, sliceId: string, holder: string, health: SliceHealth): Promise<void>;
  /** Records that a slice is complete, and whose blocks count; false if it has another holder, so that nothing changed. */
  commitSlice(runId: string, commit: SliceCommit): Promise<boolean>;
  /** Closes a slice without load; false if it has another holder, so that nothing changed. */
  skipSlice(runId: string, skip: SliceSkip): Promise<boolean>;
  /** @param signal ends the call */
  readAttempts(runId: string, sliceId: string, signal?: AbortSignal): Promise<SliceAttempts>;

  /** @param seq 0, 1, 2, … within the attempt */
  appendBlock(runId: string, sliceId: string, attemptId: string, seq: number, block: Block): Promise<void>;
  /** The attempt's blocks in order. */
  readBlocks(runId: string, sliceId: string, attemptId: string): AsyncIterable<Block>;

  /** @param signal ends the call */
  putProgress(runId: string, progress: LiveProgress, signal?: AbortSignal): Promise<void>;
  /** The latest progress that one attempt has written. */
  readProgress(runId: string, sliceId: string, attemptId: string): Promise<LiveProgress | undefined>;
  /**
   * The latest progress of every attempt at every slice, in order of slice id and then of attempt id. What replaced attempts
   * had sent counts too.
   */
  listProgress(runId: string): Promise<LiveProgress[]>;

  /**
   * Removes the blocks, attempts, progress and documents of a run.
   * @param keepDocuments names of documents that stay
   */
  deleteSamples(runId: string, keepDocuments: readonly string[]): Promise<void>;
  /** Removes a run with everything that is stored of it; its record goes last, so that a deletion that failed can be repeated. */
  deleteRun(runId: string): Promise<void>;
  /** Removes the claims of idempotency keys on runs with ids below this one, whether or not the runs exist. */
  deleteClaims(beforeRunId: string): Promise<void>;
};

/** Which runs to list; run ids sort by time. */
export type RunQuery = {
  readonly planName?: string;
  /** Only runs with this id or a later one; may be the beginning of an id. */
  readonly fromRunId?: string;
  /** Only runs with earlier ids; may be the beginning of an id. */
  readonly beforeRunId?: string;
  readonly limit: number;
};

/** Who stopped something, and when (ISO 8601). */
export type Stop = { readonly by: string; readonly at: string };

/** The most that a run's plan asks for, by which runs at the same time are limited. */
export type RunLoad = {
  readonly vus: number;
  /** Starts a second. */
  readonly rate: number;
  /** Origins of its targets. */
  readonly origins: readonly string[];
};

/** What is known of a run besides its plan, samples and report. */
export type RunRecord = {
  /** Sorts by time; only `[A-Za-z0-9_-]`. */
  readonly runId: string;
  readonly planName: string;
  readonly planHash: string;
  readonly trigger: (typeof RUN_TRIGGERS)[number];
  /** The earlier run that this one is compared with. */
  readonly baselineRunId?: string;
  readonly createdAt: string;
  /** Who started the run; absent for a command, and in rows of earlier versions. */
  readonly startedBy?: string;
  /** SHA-256 of the idempotency key that the run was created with, hex. */
  readonly idempotencyKeyHash?: string;
  /** Absent in rows of earlier versions. */
  readonly load?: RunLoad;
  readonly state: RunState;
  readonly stopRequested: boolean;
  /** Who stopped the run first; absent if nobody did. */
  readonly stopped?: Stop;
  /** The condition that stopped the run; absent if a person or nobody stopped it. */
  readonly abort?: Abort;
  readonly schedule?: RunSchedule;
  readonly targets?: readonly RunTarget[];
  /** Why the run was refused or failed. */
  readonly problems?: readonly Problem[];
  /** What preflight warned of, a sentence each; absent if it warned of nothing. */
  readonly preflightWarnings?: readonly string[];
  /** What went wrong in mcp-surge itself, a sentence each; absent if nothing did. */
  readonly faults?: readonly string[];
  readonly verdict?: Verdict;
  /** How its slices ended; present together with the verdict, except in rows of earlier versions. */
  readonly slices?: EndedSlices;
  readonly endedAt?: string;
  /** When the run's samples were deleted because of their age; its record and report are kept for longer. */
  readonly samplesDeletedAt?: string;
};

/** A target as preflight found it, with what slices check before they make load. */
export type RunTarget = ReportTarget & {
  /**
   * Those tools that the plan calls and the target marks with `readOnlyHint`. A slice calls no other tool that `allowWrites`
   * does not name.
   */
  readonly readOnlyTools?: readonly string[];
};

/**
 * The state of a run: `queued` → `preflight` → `running` → `concluding` → `done`. A run ends as `refused` if its preflight
 * finds a problem, and as `failed` if mcp-surge itself fails.
 */
export type RunState = (typeof RUN_STATES)[number];

export const RUN_STATES = ['queued', 'preflight', 'running', 'concluding', 'done', 'refused', 'failed'] as const;

/** What can start a run: a request, a timer or the command line. */
export const RUN_TRIGGERS = ['http', 'canary', 'command'] as const;

/** When a run takes place and how it is divided; fixed once by preflight. */
export type RunSchedule = {
  /** Epoch milliseconds of the planned start, and of the end of the last window. */
  readonly startAtMs: number;
  readonly endAtMs: number;
  readonly lanes: number;
  readonly windows: number;
  readonly windowMs: number;
};

/** The fields of a record that change after its creation. */
export type RunChange = Partial<
  Pick<
    RunRecord,
    | 'state'
    | 'stopRequested'
    | 'stopped'
    | 'abort'
    | 'schedule'
    | 'targets'
    | 'problems'
    | 'preflightWarnings'
    | 'faults'
    | 'verdict'
    | 'slices'
    | 'endedAt'
    | 'samplesDeletedAt'
  >
>;

/** The run that an idempotency key stands for. */
export type KeyClaim = { readonly runId: string; readonly planHash: string };

/** The form in which idempotency keys are stored: SHA-256, hex. */
export function hashOfKey(idempotencyKey: string): string {
  return createHash('sha256').update(idempotencyKey).digest('hex');
}

/** Thrown on a change to a run that was never stored. */
export class UnknownRunError extends Error {
  constructor(runId: string) {
    super(`Run ${runId} is not in the store. Check the id, and that the run was created in this storage account.`);
    this.name = 'UnknownRunError';
  }
}

/** Rows of progress in the order in which a store lists them. */
export function inOrder(rows: Iterable<LiveProgress>): LiveProgress[] {
  const keyOf = ({ sliceId, attemptId }: LiveProgress) => `${sliceId}\n${attemptId}`;
  return [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
