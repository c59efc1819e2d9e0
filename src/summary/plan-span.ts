import type { Plan } from '../plan/plan-schema.ts';
import { warmUpPartsOf } from '../plan/run-parts.ts';
import type { ArrivalScenario } from '../plan/scenario-schema.ts';
import { isArrival } from '../plan/timeline.ts';
import { arrivalSchedule, startsBefore } from '../traffic/arrival-schedule.ts';
import type { RunSpan } from './run-span.ts';

/** What of a run's span follows from its plan. @param intervalMs width of the run's intervals */
export function planSpan(plan: Plan, intervalMs: number): Pick<RunSpan, 'warmUpMs' | 'warmUpParts' | 'plannedStarts'> {
  const plannedStarts = Object.entries(plan.scenarios).flatMap(([scenario, each]) => {
    return isArrival(each) ? [{ scenario, starts: plannedStartsOf(each, intervalMs) }] : [];
  });
  return { warmUpMs: plan.warmUp, warmUpParts: warmUpPartsOf(plan), plannedStarts };
}

/** How many starts a scenario has in each interval of the run. */
function plannedStartsOf(scenario: ArrivalScenario, intervalMs: number): number[] {
  const schedule = arrivalSchedule(scenario);
  const endMs = scenario.startTime + schedule.durationMs;
  const before = (ms: number) => startsBefore(schedule, ms - scenario.startTime);
  return Array.from({ length: Math.ceil(endMs / intervalMs) }, (_, interval) => {
    return before((interval + 1) * intervalMs) - before(interval * intervalMs);
  });
}
