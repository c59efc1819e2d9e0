import type { FoldFrame, SliceFold } from '../../src/summary/fold.ts';
import { mergeFolds } from '../../src/summary/merge-folds.ts';
import { summarise } from '../../src/summary/summarise.ts';
import type { RunSpan, Summary } from '../../src/summary/summary.ts';
import { foldOf, INTERVAL_MS, RUN_START_MS, type SampleParts } from './blocks-of.ts';

/** A run of ten seconds with one slice and one virtual user, without warm-up, with some of its fields replaced. */
export function runSpan(changes: Partial<RunSpan> = {}): RunSpan {
  return {
    runStartMs: RUN_START_MS,
    plannedDurationMs: 10_000,
    plannedSlices: 1,
    plannedVus: 1,
    warmUpMs: 0,
    warmUpPhases: 0,
    plannedStarts: [],
    headline: 'step',
    stopped: false,
    ...changes,
  };
}

/** The merged fold of these samples, as a run has it. */
export function mergedFold(
  samples: readonly SampleParts[],
  slices: readonly SliceFold[] = [],
  frame: Partial<FoldFrame> = {},
) {
  return mergeFolds([foldOf([samples], slices, frame)], INTERVAL_MS);
}

/** The summary of a run that measured these samples. */
export function summaryOf(
  samples: readonly SampleParts[],
  span: Partial<RunSpan> = {},
  slices: readonly SliceFold[] = [],
): Summary {
  return summarise(mergedFold(samples, slices), runSpan(span));
}
