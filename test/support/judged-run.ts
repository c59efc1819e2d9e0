import { phasesOf, warmUpPhasesOf } from '../../src/plan/timeline.ts';
import type { SliceFold } from '../../src/summary/fold.ts';
import type { SliceHealth } from '../../src/summary/generator-health.ts';
import { summarise } from '../../src/summary/summarise.ts';
import type { RunSpan } from '../../src/summary/summary.ts';
import { type Judged, judge } from '../../src/verdict/judge.ts';
import type { Abort } from '../../src/verdict/verdict.ts';
import { aPlan, type PlanParts } from './a-plan.ts';
import type { SampleParts } from './blocks-of.ts';
import { committedSlice } from './healthy-slice.ts';
import { mergedFold, runSpan } from './summary-of.ts';

export type JudgedRun = PlanParts & {
  readonly samples: readonly SampleParts[];
  readonly stopped?: boolean;
  readonly abort?: Abort;
  /** What the run's one slice reports about itself, and how it ended. */
  readonly health?: Partial<SliceHealth>;
  readonly slice?: Partial<SliceFold>;
  readonly span?: Partial<RunSpan>;
};

/** Judges a run of ten seconds with one healthy slice that measured these samples, with intervals of a second. */
export function judgedRun({ samples, stopped, abort, health, slice, span, ...parts }: JudgedRun): Judged {
  const plan = aPlan(parts);
  const warmUpPhases = warmUpPhasesOf(plan);
  const fold = mergedFold(samples, [committedSlice(health, slice)], {
    phaseBoundariesMs: phasesOf(plan),
    warmUpPhases,
  });
  const stopRequested = stopped === true || abort !== undefined;
  const summary = summarise(fold, runSpan({ warmUpMs: plan.warmUp, warmUpPhases, stopped: stopRequested, ...span }));
  return judge(plan, fold, summary, stopRequested, abort);
}
