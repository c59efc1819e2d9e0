import type { Plan } from '../plan/plan-schema.ts';
import type { JudgedStage } from './ceiling.ts';
import { stagesOf } from './stages-of.ts';
import type { Ceiling, CeilingStage } from './verdict.ts';

/**
 * Up to which level the conditions over stages held; undefined when the plan has none. What held after a stage that broke
 * does not count: a server that has recovered at a lower level is another question.
 */
export function findCeiling(plan: Plan, judged: readonly JudgedStage[]): Ceiling | undefined {
  const found = stagesOf(plan);
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
