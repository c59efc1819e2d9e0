import type { Scenario } from './scenario-schema.ts';

/** How many iterations a scenario is to begin; undefined where its virtual users begin as many as they can. */
export function plannedIterationsOf(scenario: Scenario): number | undefined {
  switch (scenario.executor) {
    case 'constant-vus':
    case 'ramping-vus':
      return undefined;
    case 'per-vu-iterations':
      return scenario.vus * scenario.iterations;
    case 'shared-iterations':
      return scenario.iterations;
    case 'constant-arrival-rate':
      return startsIn((scenario.rate * scenario.duration) / scenario.timeUnit);
    case 'ramping-arrival-rate': {
      let from = scenario.startRate;
      let units = 0;
      for (const { duration, target } of scenario.stages) {
        units += (duration * (from + target)) / 2;
        from = target;
      }
      return startsIn(units / scenario.timeUnit);
    }
  }
}

/** Starts come when the integral of the rate is 0, 1, 2, …; one that is due at the very end is none. */
function startsIn(integral: number): number {
  return Math.ceil(integral - integral * 1e-12);
}
