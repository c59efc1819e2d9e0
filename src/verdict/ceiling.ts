import type { Plan } from '../plan/plan-schema.ts';
import { partAt, partsOf } from '../plan/run-parts.ts';
import type { Fold } from '../summary/fold.ts';
import { holds } from './condition.ts';
import { conditionsOf, type ReadCondition } from './conditions-of.ts';
import { measure } from './measure.ts';
import { observeCells } from './observe-cells.ts';
import { type Stage, stagesOf } from './stages-of.ts';
import type { Abort } from './verdict.ts';

/** How one condition over stages came out in one of them. */
export type StageLook = {
  readonly condition: ReadCondition;
  readonly ok: boolean;
  /** Null when there were no samples. */
  readonly observed: number | null;
};

export type JudgedStage = {
  readonly stage: Stage;
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
  const cuts = partsOf(plan);
  // Without the noise of the division that made seconds, which must not cut the last stage short.
  const endMs = Math.round(durationSeconds * 1e6) / 1000;
  const abortMs = abort?.over === 'stage' ? abort.atSeconds * 1000 : undefined;
  return (stagesOf(plan)?.stages ?? []).map((stage) => {
    const { fromMs, toMs } = stage;
    const abortedHere = abortMs !== undefined && abortMs >= fromMs && abortMs < toMs;
    if (!abortedHere && (toMs > endMs || (abortMs !== undefined && abortMs < toMs))) return { stage, looks: undefined };
    const [firstPart, nextPart] = [partAt(cuts, fromMs), partAt(cuts, toMs)];
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
