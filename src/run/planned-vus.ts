import type { Plan } from '../plan/plan-schema.ts';
import type { Scenario } from '../plan/scenario-schema.ts';
import { maxVusOf } from '../plan/timeline.ts';

/**
 * How many virtual users of a plan had to start: those that are at work whatever the target does, and those that started
 * because there was work for them. Where starts come at a rate or are shared, a fast target needs few.
 * @param started numbers of the virtual users that did
 */
export function plannedVus(plan: Plan, started: Iterable<number>): number {
  const planned = new Set(started);
  let firstVu = 0;
  for (const scenario of Object.values(plan.scenarios)) {
    for (let index = 0; index < certainVusOf(scenario); index++) planned.add(firstVu + index);
    firstVu += maxVusOf(scenario);
  }
  return planned.size;
}

function certainVusOf(scenario: Scenario): number {
  switch (scenario.executor) {
    case 'constant-vus':
    case 'per-vu-iterations':
      return scenario.vus;
    case 'ramping-vus': {
      let level = scenario.startVUs;
      // One that only a ramp's tip needs may have no time for a request.
      const throughout = scenario.stages.map(({ duration, target }) => {
        const least = duration === 0 ? 0 : Math.min(level, target);
        level = target;
        return least;
      });
      return Math.max(...throughout);
    }
    default:
      return 0;
  }
}
