import type { Plan } from '../plan/plan-schema.ts';
import { operationOf } from '../plan/step-schema.ts';
import { type Condition, isAboutRequests, parseThreshold, type Tags, type Threshold } from '../plan/threshold.ts';

/** True when a value meets the condition. */
export function holds(observed: number, { operator, limit }: Threshold): boolean {
  switch (operator) {
    case '<':
      return observed < limit;
    case '<=':
      return observed <= limit;
    case '>':
      return observed > limit;
    case '>=':
      return observed >= limit;
    case '==':
      return observed === limit;
    case '!=':
      return observed !== limit;
  }
}

/** True when `one` is further from meeting the condition than `other`; false when both are equally far. */
export function isWorse(one: number, other: number, threshold: Threshold): boolean {
  const [oneHolds, otherHolds] = [holds(one, threshold), holds(other, threshold)];
  if (oneHolds !== otherHolds) return otherHolds;
  switch (threshold.operator) {
    case '<':
    case '<=':
      return one > other;
    case '>':
    case '>=':
      return one < other;
    default:
      return threshold.operator === '==' && Math.abs(one - threshold.limit) > Math.abs(other - threshold.limit);
  }
}

/** One condition of a plan, parsed so that it can be evaluated. */
export type ParsedCondition = Omit<Condition, 'threshold'> & {
  readonly metric: string;
  readonly expression: string;
  readonly threshold: Threshold;
};

/** All conditions of a plan, in its order. The threshold of a metric of requests has the tag `kind`. */
export function conditionsOf(plan: Pick<Plan, 'thresholds' | 'scenarios'>): ParsedCondition[] {
  return Object.entries(plan.thresholds).flatMap(([metric, conditions]) => {
    return conditions.map(({ threshold: expression, ...rest }) => {
      const threshold = parseThreshold(metric, expression);
      if ('problem' in threshold) {
        throw new Error(`Threshold ${metric}: ${threshold.problem}; parsing should have refused it.`);
      }
      const kind = isAboutRequests(threshold.metric) ? { kind: kindOf(threshold.tags, plan) } : {};
      return { ...rest, metric, expression, threshold: { ...threshold, tags: { ...threshold.tags, ...kind } } };
    });
  });
}

/**
 * The requests that a threshold is about. Without the tag `kind` these are the plan's steps, except for an operation that
 * no step has, and for targets for which the plan has no steps at all.
 */
function kindOf({ kind, operation, target }: Tags, { scenarios }: Pick<Plan, 'scenarios'>): string {
  if (kind !== undefined) return kind;
  const steps = Object.values(scenarios)
    .filter((scenario) => (target ?? scenario.target) === scenario.target)
    .flatMap((scenario) => scenario.steps);
  if (operation !== undefined) return steps.some((step) => operationOf(step) === operation) ? 'step' : 'all';
  return steps.length > 0 ? 'step' : 'all';
}
