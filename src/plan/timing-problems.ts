import type { DanglingReference } from './dangling-reference.ts';
import type { Plan } from './plan-schema.ts';
import { planExtent } from './slices.ts';

/** A warm-up that takes the whole run: no figures would be left. */
export function timingProblems(plan: Plan): DanglingReference[] {
  const { durationMs } = planExtent(plan);
  if (plan.warmUp < durationMs) return [];
  const given = `got ${plan.warmUp / 1000} s`;
  return [{ path: ['warmUp'], message: `expected less than the ${durationMs / 1000} s that the run takes, ${given}` }];
}
