import type { Plan } from './plan-schema.ts';
import type { ArrivalScenario, IterationScenario, Scenario, ScenarioOf } from './scenario-schema.ts';

/** Where a level goes: linearly to `target` within `duration`, in milliseconds; a stage of no length is a jump. */
export type Stage = { readonly duration: number; readonly target: number };

/** True for executors whose starts come at a rate. */
export function isArrival(scenario: Scenario): scenario is ArrivalScenario {
  return scenario.executor === 'constant-arrival-rate' || scenario.executor === 'ramping-arrival-rate';
}

/** True for executors that are over when their iterations are. */
export function isIterationBound(scenario: Scenario): scenario is IterationScenario {
  return scenario.executor === 'per-vu-iterations' || scenario.executor === 'shared-iterations';
}

/** True for executors whose level changes in stages. */
export function isStaged(scenario: Scenario): scenario is ScenarioOf<'ramping-vus' | 'ramping-arrival-rate'> {
  return scenario.executor === 'ramping-vus' || scenario.executor === 'ramping-arrival-rate';
}

/** The most virtual users that a scenario may ever have. */
export function maxVusOf(scenario: Scenario): number {
  switch (scenario.executor) {
    case 'ramping-vus':
      return Math.max(scenario.startVUs, ...scenario.stages.map(({ target }) => target));
    case 'constant-arrival-rate':
    case 'ramping-arrival-rate':
      return scenario.maxVUs ?? scenario.preAllocatedVUs;
    default:
      return scenario.vus;
  }
}

/** How long after its start a scenario begins iterations, milliseconds; the longest it may take when it counts them. */
export function durationOf(scenario: Scenario): number {
  if (isIterationBound(scenario)) return scenario.maxDuration;
  return isStaged(scenario) ? lengthOf(scenario.stages) : scenario.duration;
}

/** How long stages last in all, in milliseconds; to the microsecond, as durations are written. */
export function lengthOf(stages: readonly Stage[]): number {
  return toMicrosecond(stages.reduce((sum, { duration }) => sum + duration, 0));
}

/** Milliseconds rounded to the microsecond: what adding and subtracting leaves behind the point is not in the plan. */
export function toMicrosecond(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** The most starts a second that a scenario asks for; 0 where its virtual users set the pace. */
export function peakRateOf(scenario: Scenario): number {
  if (!isArrival(scenario)) return 0;
  const rates =
    scenario.executor === 'constant-arrival-rate'
      ? [scenario.rate]
      : [scenario.startRate, ...scenario.stages.map(({ target }) => target)];
  return (Math.max(...rates) * 1000) / scenario.timeUnit;
}

/**
 * Where a run is cut into parts that are looked at apart, milliseconds from its start, ascending: the end of the warm-up
 * and, when a threshold must hold over every stage, the bounds of the stages. Part 0 lies before the first cut, part 1
 * between it and the second, and so on; a cut belongs to the part that it begins.
 */
export function phasesOf(plan: Plan): readonly number[] {
  const cuts = new Set([plan.warmUp]);
  if (Object.values(plan.thresholds).some((conditions) => conditions.some(({ over }) => over === 'stage'))) {
    for (const scenario of Object.values(plan.scenarios)) {
      if (!isStaged(scenario)) continue;
      let at = scenario.startTime;
      cuts.add(at);
      for (const { duration } of scenario.stages) {
        at = toMicrosecond(at + duration);
        cuts.add(at);
      }
    }
  }
  return [...cuts].filter((at) => at > 0).toSorted((a, b) => a - b);
}

/** How many of the first parts are warm-up. */
export function warmUpPhasesOf(plan: Plan): number {
  return phasesOf(plan).filter((cut) => cut <= plan.warmUp).length;
}

/** The part in which a moment lies. @param atMs from the start of the run; what comes before it is in part 0 */
export function phaseAt(cuts: readonly number[], atMs: number): number {
  let part = 0;
  while (part < cuts.length && (cuts[part] as number) <= atMs) part++;
  return part;
}
