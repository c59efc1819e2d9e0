import type { Plan } from '../plan/plan-schema.ts';
import { parseThreshold, type Threshold } from '../plan/threshold.ts';
import type { Condition } from '../plan/thresholds-schema.ts';

/** One condition of a plan, ready to be held against values. */
export type ReadCondition = Omit<Condition, 'threshold'> & {
  readonly metric: string;
  readonly expression: string;
  readonly threshold: Threshold;
};

/** All conditions of a plan, in its order. */
export function conditionsOf({ thresholds }: Pick<Plan, 'thresholds'>): ReadCondition[] {
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
