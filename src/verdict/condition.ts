import type { Plan } from '../plan/plan-schema.ts';
import { type Condition, parseThreshold, type Threshold } from '../plan/threshold.ts';

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

/** All conditions of a plan, in its order. */
export function conditionsOf({ thresholds }: Pick<Plan, 'thresholds'>): ParsedCondition[] {
  return Object.entries(thresholds).flatMap(([metric, conditions]) => {
    return conditions.map(({ threshold: expression, ...rest }) => {
      const threshold = parseThreshold(metric, expression);
      if ('problem' in threshold) {
        throw new Error(`Threshold ${metric}: ${threshold.problem}; parsing should have refused it.`);
      }
      return { ...rest, metric, expression, threshold };
    });
  });
}
