import type { Plan } from '../plan/plan-schema.ts';
import { warmUpPhasesOf } from '../plan/timeline.ts';
import type { Fold } from '../summary/fold.ts';
import type { JudgedStage, StageEvaluation } from './ceiling.ts';
import { conditionsOf, isWorse, type ParsedCondition } from './condition.ts';
import { boundOf, evaluate, type Measured, measure, observeCells } from './measure.ts';
import type { ThresholdResult } from './verdict.ts';

/** What one condition showed. */
type Result = Pick<ThresholdResult, 'ok' | 'observed' | 'atLeast' | 'withoutAnswer' | 'at'>;

type Observed = ReturnType<typeof observeCells>;

/**
 * Evaluates every threshold of the plan. One without samples fails, because nothing was shown. None of them includes the
 * warm-up.
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
  const warmUpPhases = warmUpPhasesOf(plan);
  return conditionsOf(plan).map((condition) => {
    const { metric, expression, over, threshold } = condition;
    return { metric, expression, ...kindField(threshold), ...(over === 'run' ? {} : { over }), ...resultOf(condition) };
  });

  function resultOf(condition: ParsedCondition): Result {
    const { over } = condition;
    if (over === 'run') {
      return overRun(condition, observe({ fromInterval: 0, toInterval: Number.POSITIVE_INFINITY, ...span }));
    }
    if (over === 'stage') return overStages(condition, stages);
    return overWindows(condition, slidingWindows(span, fold.intervalMs, over), observe);
  }

  function observe({ fromInterval, toInterval, fromMs, toMs }: SlidingWindow): Observed {
    return observeCells(fold, (toMs - fromMs) / 1000, ({ interval, phase }) => {
      return phase >= warmUpPhases && interval >= fromInterval && interval < toInterval;
    });
  }
}

function kindField({ tags: { kind } }: ParsedCondition['threshold']): Pick<ThresholdResult, 'kind'> {
  return kind === 'protocol' || kind === 'all' ? { kind } : {};
}

function overRun({ threshold }: ParsedCondition, seen: Observed): Result {
  return evaluate(threshold, measure(threshold, seen));
}

/** The worst sliding window decides. Windows without samples are skipped; if all are, the condition fails. */
function overWindows(
  { threshold }: ParsedCondition,
  windows: readonly SlidingWindow[],
  observe: (window: SlidingWindow) => Observed,
): Result {
  let worst: { readonly measured: Measured; readonly window: SlidingWindow } | undefined;
  for (const window of windows) {
    const measured = measure(threshold, observe(window));
    if (measured === null) continue;
    const isWorst = worst === undefined || isWorse(measured.decisive, worst.measured.decisive, threshold);
    if (isWorst) worst = { measured, window };
  }
  if (worst === undefined) return { ok: false, observed: null };
  const { fromMs, toMs } = worst.window;
  const at = { fromSeconds: fromMs / 1000, toSeconds: toMs / 1000 };
  return { ...evaluate(threshold, worst.measured), at };
}

/** Met when it held in the first stage. The observed value is of the first stage that broke, or the worst when all held. */
function overStages({ metric, expression, threshold }: ParsedCondition, stages: readonly JudgedStage[]): Result {
  const all = stages.flatMap(({ stage, evaluations = [] }) => {
    const own = evaluations.find(({ condition }) => condition.metric === metric && condition.expression === expression);
    return own === undefined ? [] : { ...own, stage };
  });
  const [first] = all;
  if (first === undefined) return { ok: false, observed: null };
  const decisive = all.find(({ ok }) => !ok) ?? all.reduce((worst, each) => (isWorseThan(each, worst) ? each : worst));
  const { index, fromMs, toMs } = decisive.stage;
  const at = { fromSeconds: fromMs / 1000, toSeconds: toMs / 1000, stage: index };
  return { ok: first.ok, observed: decisive.observed, ...boundOf(decisive), at };

  function isWorseThan(one: StageEvaluation, other: StageEvaluation): boolean {
    return one.observed !== null && other.observed !== null && isWorse(one.observed, other.observed, threshold);
  }
}

/** A span of a run in whole intervals of its fold, and its time in milliseconds from the run's start. */
type SlidingWindow = {
  readonly fromInterval: number;
  /** The first interval after it. */
  readonly toInterval: number;
  readonly fromMs: number;
  readonly toMs: number;
};

/**
 * Every sliding window of a length within a run, in steps of the fold's interval. A length that is not a multiple of the
 * interval is rounded up to one. The first and the last window also get what lies before the first whole interval and
 * after the last, so that no rate comes from a fraction of an interval. A run shorter than the length is one window.
 * @param span what is evaluated, milliseconds from the run's start: from the end of the warm-up to the end
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
