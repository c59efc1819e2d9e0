import type { Plan } from '../plan/plan-schema.ts';
import { type MeasuredStage, measuredStagesOf, phaseAt, phasesOf } from '../plan/timeline.ts';
import type { Fold } from '../summary/fold.ts';
import { conditionsOf, type ParsedCondition } from './condition.ts';
import { boundOf, evaluate, measure, observeCells } from './measure.ts';
import type { Abort, Ceiling, CeilingStage, ThresholdResult } from './verdict.ts';

/** A stage and how the conditions over stages came out in it. */
export type JudgedStage = {
  readonly stage: MeasuredStage;
  /** One for each condition over stages; undefined when the run ended before the stage did. */
  readonly evaluations: readonly StageEvaluation[] | undefined;
};

/** How one condition came out in one stage. */
export type StageEvaluation = Pick<ThresholdResult, 'ok' | 'observed' | 'atLeast' | 'withoutAnswer'> & {
  readonly condition: ParsedCondition;
};

/**
 * Evaluates the conditions over stages in each stage of the plan's one scenario with stages. If such a condition aborted
 * the run, its stage is judged by what there is of it, and the condition counts as broken in it. A stage that was cut
 * short for any other reason is not evaluated.
 */
export function judgeStages(
  plan: Plan,
  fold: Fold,
  durationSeconds: number,
  abort: Abort | undefined = undefined,
): JudgedStage[] {
  const conditions = conditionsOf(plan).filter(({ over }) => over === 'stage');
  if (conditions.length === 0) return [];
  const boundaries = phasesOf(plan);
  // Rounded, because the division into seconds may have made the run a little shorter than its last stage.
  const endMs = Math.round(durationSeconds * 1e6) / 1000;
  const abortMs = abort?.over === 'stage' ? abort.atSeconds * 1000 : undefined;
  return (measuredStagesOf(plan)?.stages ?? []).map((stage) => {
    const { fromMs, toMs } = stage;
    const abortedHere = abortMs !== undefined && abortMs >= fromMs && abortMs < toMs;
    if (!abortedHere && (toMs > endMs || (abortMs !== undefined && abortMs < toMs))) {
      return { stage, evaluations: undefined };
    }
    const [firstPhase, nextPhase] = [phaseAt(boundaries, fromMs), phaseAt(boundaries, toMs)];
    const seconds = Math.max(1, Math.min(toMs, abortMs ?? toMs, endMs) - fromMs) / 1000;
    const observations = observeCells(fold, seconds, ({ phase }) => phase >= firstPhase && phase < nextPhase);
    const evaluations = conditions.map((condition): StageEvaluation => {
      const result = evaluate(condition.threshold, measure(condition.threshold, observations));
      const abortedRun = abortedHere && abort?.metric === condition.metric && abort.expression === condition.expression;
      if (!abortedRun || !result.ok) return { condition, ...result };
      return { condition, ok: false, observed: abort.observed, ...boundOf(abort) };
    });
    return { stage, evaluations };
  });
}

/**
 * Up to which level the conditions over stages held; undefined when the plan has none. Stages after the first that broke
 * do not count: whether a server recovers at a lower level is a different question.
 */
export function findCeiling(plan: Plan, judged: readonly JudgedStage[]): Ceiling | undefined {
  const found = measuredStagesOf(plan);
  if (found === undefined || judged.length === 0) return undefined;
  const stages = judged.map(({ stage, evaluations }): CeilingStage => {
    const broken = (evaluations ?? []).filter(({ ok }) => !ok);
    return {
      index: stage.index,
      level: stage.level,
      fromSeconds: stage.fromMs / 1000,
      toSeconds: stage.toMs / 1000,
      held: evaluations === undefined ? null : broken.length === 0,
      broken: broken.map(({ condition: { metric, expression }, observed, ...result }) => {
        return { metric, expression, observed, ...boundOf(result) };
      }),
    };
  });
  const first = stages.findIndex(({ held }) => held === false);
  const before = (first === -1 ? stages : stages.slice(0, first)).filter(({ held }) => held === true);
  return {
    scenario: found.scenario,
    unit: found.unit,
    stages,
    held: before.length === 0 ? null : Math.max(...before.map(({ level }) => level)),
    broke: stages[first]?.level ?? null,
  };
}
