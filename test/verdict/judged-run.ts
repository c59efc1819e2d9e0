import { phasesOf, warmUpPhasesOf } from '../../src/plan/timeline.ts';
import type { SliceHealth } from '../../src/summary/generator-health.ts';
import { mergeFolds } from '../../src/summary/merge-folds.ts';
import { summarise } from '../../src/summary/summarise.ts';
import { type Judged, judge } from '../../src/verdict/judge.ts';
import type { Abort } from '../../src/verdict/verdict.ts';
import { aPlan, type PlanParts } from '../support/a-plan.ts';
import { foldOf, INTERVAL_MS, RUN_START_MS, type Told } from '../support/blocks-of.ts';
import { HEALTHY_SLICE } from '../support/healthy-slice.ts';

export type JudgedRun = PlanParts & {
  readonly samples: readonly Told[];
  /** Ten seconds by default. */
  readonly plannedMs?: number;
  readonly stopped?: boolean;
  readonly abort?: Abort;
  readonly health?: Partial<SliceHealth>;
};

/** Judges a run of one healthy slice that measured these samples, with intervals of a second. */
export function judgedRun({ samples, plannedMs = 10_000, stopped, abort, health, ...parts }: JudgedRun): Judged {
  const plan = aPlan(parts);
  const warmUpPhases = warmUpPhasesOf(plan);
  const slice = { sliceId: 'w0000-l0000', state: 'committed', duplicates: 0 } as const;
  const slices = [{ ...slice, health: { ...HEALTHY_SLICE, ...health } }];
  const fold = mergeFolds(
    [foldOf([samples], slices, { phaseBoundariesMs: phasesOf(plan), warmUpPhases })],
    INTERVAL_MS,
  );
  const stopRequested = stopped === true || abort !== undefined;
  const summary = summarise(fold, {
    runStartMs: RUN_START_MS,
    plannedDurationMs: plannedMs,
    plannedSlices: 1,
    plannedVus: 1,
    warmUpMs: plan.warmUp,
    warmUpPhases,
    plannedStarts: [],
    stopped: stopRequested,
  });
  return judge(plan, fold, summary, stopRequested, abort);
}
