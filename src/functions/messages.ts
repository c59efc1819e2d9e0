import type { RunSchedule } from '../store/run-record.ts';

/**
 * What orchestrations pass on: ids and numbers only, because every replay carries all of it again. Plans, samples and
 * folds travel through the store.
 */
export type RunInput = { readonly runId: string };

/** Null when preflight found a fault; the faults are in the run's record. */
export type PreflightAnswer = RunSchedule | null;

/** Lanes of one window that hang on one orchestrator. */
export type GroupInput = RunInput & {
  readonly window: number;
  readonly firstLane: number;
  readonly lanes: number;
  /** Epoch milliseconds after which a lost slice is not tried again. */
  readonly endAtMs: number;
};

export type SliceInput = RunInput & { readonly lane: number; readonly window: number; readonly attempt: number };
