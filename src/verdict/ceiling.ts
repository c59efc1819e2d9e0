import type { Plan } from '../plan/plan-schema.ts';
import { type MeasuredStage, measuredStagesOf, phaseAt, phasesOf } from '../plan/timeline.ts';
import type { Fold } from '../summary/fold.ts';
import { conditionsOf, holds, type ReadCondition } from './condition.ts';
import { measure, observeCells } from './measure.ts';
import type { Abort, Ceiling, CeilingStage } from './verdict.ts';

/** How one condition over stages came out in one of them. */
export type StageLook = {
  readonly condition: ReadCondition;
  readonly ok: boolean;
  /** Null when there were no samples. */
  readonly observed: number | null;
};

export type JudgedStage = {
  readonly stage: MeasuredStage;
  /** One for each condition over stages; undefined when the run was over before the stage was. */
  readonly looks: readonly StageLook[] | undefined;
};

/**
 * Holds the conditions over stages against each stage of the plan's one scenario with stages. A stage within which the
 * run was ended by such a condition is judged by what there is of it, and that condition did not hold in it; one that was
 * cut short by anything else shows nothing.
 */
export function judgeStages(
  plan: Plan,
  fold: Fold,
  durationSeconds: number,
  abort: Abort | undefined = undefined,
): JudgedStage[] {
  const conditions = conditionsOf(plan).filter(({ over }) => over === 'stage');
  if (conditions.length === 0) return [];
  const cuts = phasesOf(plan);
  // Without the noise of the division that made seconds, which must not cut the last stage short.
  const endMs = Math.round(durationSeconds * 1e6) / 1000;
  const abortMs = abort?.over === 'stage' ? abort.atSeconds * 1000 : undefined;
  return (measuredStagesOf(plan)?.stages ?? []).map((stage) => {
    const { fromMs, toMs } = stage;
    const abortedHere = abortMs !== undefined && abortMs >= fromMs && abortMs < toMs;
    if (!abortedHere && (toMs > endMs || (abortMs !== undefined && abortMs < toMs))) return { stage, looks: undefined };
    const [firstPart, nextPart] = [phaseAt(cuts, fromMs), phaseAt(cuts, toMs)];
    const seconds = Math.max(1, Math.min(toMs, abortMs ?? toMs, endMs) - fromMs) / 1000;
    const seen = observeCells(fold, seconds, ({ part }) => part >= firstPart && part < nextPart);
    const looks = conditions.map((condition): StageLook => {
      const observed = measure(condition.threshold, seen);
      const ok = observed !== null && holds(observed, condition.threshold);
      const endedIt = abortedHere && abort?.metric === condition.metric && abort.expression === condition.expression;
      return endedIt && ok ? { condition, ok: false, observed: abort.observed } : { condition, ok, observed };
    });
    return { stage, looks };
  });
}

/**
 * Up to which level the conditions over stages held; undefined when the plan has none. What held after a stage that broke
 * does not count: a server that has recovered at a lower level is another question.
 */
export function findCeiling(plan: Plan, judged: readonly JudgedStage[]): Ceiling | undefined {
  const found = measuredStagesOf(plan);
  if (found === undefined || judged.length === 0) return undefined;
  const stages = judged.map(({ stage, looks }): CeilingStage => {
    const broken = (looks ?? []).filter(({ ok }) => !ok);
    return {
      index: stage.index,
      level: stage.level,
      fromSeconds: stage.fromMs / 1000,
      toSeconds: stage.toMs / 1000,
      held: looks === undefined ? null : broken.length === 0,
      broken: broken.map(({ condition: { metric, expression }, observed }) => ({ metric, expression, observed })),
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
