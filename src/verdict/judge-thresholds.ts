import type { Plan } from '../plan/plan-schema.ts';
import { parseThreshold, type Threshold } from '../plan/threshold.ts';
import type { Fold } from '../summary/fold.ts';
import { measure } from './measure.ts';
import type { ThresholdResult } from './verdict.ts';

/** Holds every threshold of the plan against what was measured. One without samples fails: nothing was shown. */
export function judgeThresholds(plan: Plan, fold: Fold, durationSeconds: number): ThresholdResult[] {
  return Object.entries(plan.thresholds).flatMap(([metric, expressions]) => {
    return expressions.map((expression) => {
      const threshold = parseThreshold(metric, expression);
      if ('problem' in threshold)
        throw new Error(`Threshold ${metric}: ${threshold.problem}; parsing should have refused it.`);
      const observed = measure(threshold, fold, durationSeconds);
      return { metric, expression, ok: observed !== null && holds(observed, threshold), observed };
    });
  });
}

function holds(observed: number, { operator, limit }: Threshold): boolean {
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
