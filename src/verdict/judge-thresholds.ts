import type { Plan } from '../plan/plan-schema.ts';
import { warmUpPhasesOf } from '../plan/timeline.ts';
import type { Fold } from '../summary/fold.ts';
import type { JudgedStage, StageLook } from './ceiling.ts';
import { conditionsOf, holds, isWorse, type ReadCondition } from './condition.ts';
import { measure, observeCells } from './measure.ts';
import type { SeenAt, ThresholdResult } from './verdict.ts';

/** A stretch of a run in whole intervals of its fold, and what it lasted, milliseconds from the run's start. */
export type SlidingWindow = {
  readonly fromInterval: number;
  /** Not within it any more. */
  readonly toInterval: number;
  readonly fromMs: number;
  readonly toMs: number;
};

/**
 * Every stretch of a length within a run, in steps of the fold's interval; a length that is no multiple of it is taken
 * up to the next one. What lies before the first whole interval and after the last belongs to the first and the last
 * stretch, so that no rate comes from a splinter; a run that is shorter than the length is one stretch.
 * @param span what is looked at, milliseconds from the run's start: from the end of the warm-up to the end
 */
export function slidingWindows(
  span: { readonly fromMs: number; readonly toMs: number },
  intervalMs: number,
  lengthMs: number,
): SlidingWindow[] {
  const wanted = Math.max(1, Math.ceil(lengthMs / intervalMs));
  const first = Math.ceil(span.fromMs / intervalMs);
  const last = Math.max(first, Math.floor(span.toMs / intervalMs));
  const count = Math.max(1, last - first - wanted + 1);
  return Array.from({ length: count }, (_, index) => {
    const from = first + index;
    const [isFirst, isLast] = [index === 0, index === count - 1];
    return {
      fromInterval: isFirst ? 0 : from,
      toInterval: isLast ? Number.POSITIVE_INFINITY : from + wanted,
      fromMs: isFirst ? span.fromMs : from * intervalMs,
      toMs: isLast ? span.toMs : (from + wanted) * intervalMs,
    };
  });
}

type Seen = { readonly ok: boolean; readonly observed: number | null; readonly at?: SeenAt };

/**
 * Holds every threshold of the plan against what was measured. One without samples fails: nothing was shown. Warm-up is in
 * none of them.
 * @param stages how the conditions over stages came out
 */
export function judgeThresholds(
  plan: Plan,
  fold: Fold,
  durationSeconds: number,
  stages: readonly JudgedStage[],
): ThresholdResult[] {
  // A run may have ended within its warm-up.
  const span = { fromMs: Math.min(plan.warmUp, durationSeconds * 1000 - 1), toMs: durationSeconds * 1000 };
  const warmUpParts = warmUpPhasesOf(plan);
  return conditionsOf(plan).map((condition) => {
    const { metric, expression, over } = condition;
    return { metric, expression, ...(over === 'run' ? {} : { over }), ...seenOver() };

    function seenOver(): Seen {
      if (over === 'run') {
        const whole = { fromInterval: 0, toInterval: Number.POSITIVE_INFINITY, ...span };
        return overRun(condition, observe(whole));
      }
      if (over === 'stage') return overStages(condition, stages);
      return overStretches(condition, slidingWindows(span, fold.intervalMs, over), observe);
    }
  });

  function observe({ fromInterval, toInterval, fromMs, toMs }: SlidingWindow) {
    return observeCells(fold, (toMs - fromMs) / 1000, ({ interval, part }) => {
      return part >= warmUpParts && interval >= fromInterval && interval < toInterval;
    });
  }
}

type Observed = ReturnType<typeof observeCells>;

function overRun({ threshold }: ReadCondition, seen: Observed): Seen {
  const observed = measure(threshold, seen);
  return { ok: observed !== null && holds(observed, threshold), observed };
}

/** The worst stretch decides; stretches without samples say nothing, unless all are. */
function overStretches(
  { threshold }: ReadCondition,
  stretches: readonly SlidingWindow[],
  observe: (stretch: SlidingWindow) => Observed,
): Seen {
  let worst: { readonly observed: number; readonly stretch: SlidingWindow } | undefined;
  for (const stretch of stretches) {
    const observed = measure(threshold, observe(stretch));
    if (observed === null) continue;
    if (worst === undefined || isWorse(observed, worst.observed, threshold)) worst = { observed, stretch };
  }
  if (worst === undefined) return { ok: false, observed: null };
  const { fromMs, toMs } = worst.stretch;
  const at = { fromSeconds: fromMs / 1000, toSeconds: toMs / 1000 };
  return { ok: holds(worst.observed, threshold), observed: worst.observed, at };
}

/** Met when it held in the first stage; told of is the first that broke, or the worst when all held. */
function overStages({ metric, expression, threshold }: ReadCondition, stages: readonly JudgedStage[]): Seen {
  const looks = stages.flatMap(({ stage, looks = [] }) => {
    const look = looks.find(({ condition }) => condition.metric === metric && condition.expression === expression);
    return look === undefined ? [] : { ...look, stage };
  });
  const [first] = looks;
  if (first === undefined) return { ok: false, observed: null };
  const told = looks.find(({ ok }) => !ok) ?? looks.reduce((worst, look) => (worseLook(look, worst) ? look : worst));
  const { index, fromMs, toMs } = told.stage;
  const at = { fromSeconds: fromMs / 1000, toSeconds: toMs / 1000, stage: index };
  return { ok: first.ok, observed: told.observed, at };

  function worseLook(one: StageLook, other: StageLook): boolean {
    return one.observed !== null && other.observed !== null && isWorse(one.observed, other.observed, threshold);
  }
}
