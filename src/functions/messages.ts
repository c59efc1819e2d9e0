import type { FoldGroup } from '../run/fold-slices.ts';
import type { RunSchedule } from '../store/run-record.ts';

/**
 * What orchestrations pass on: ids and numbers only, because every replay carries all of it again. Plans, samples and
 * folds travel through the store. Times are epoch milliseconds.
 */
export type RunInput = { readonly runId: string };

/** Null when preflight found a fault; the faults are in the run's record. */
export type PreflightAnswer = (RunSchedule & { readonly stopRequested: boolean }) | null;

/** Lanes of one window that hang on one orchestrator, and the bounds of that window. */
export type GroupInput = RunInput & FoldGroup & { readonly startAtMs: number; readonly endAtMs: number };

/** A lost slice is not tried again after `endAtMs`. */
export type SliceInput = RunInput & { readonly lane: number; readonly window: number; readonly endAtMs: number };

export type SliceRequestInput = RunInput & { readonly lane: number; readonly window: number; readonly attempt: number };

/** Ends the waiting of groups whose window has not come. */
export const STOP_EVENT = 'stop';

/** The instance that orchestrates a group, so that it can be told to stop. */
export function groupInstanceId(runId: string, { window, firstLane }: FoldGroup): string {
  return `${runId}-w${window}-l${firstLane}`;
}
