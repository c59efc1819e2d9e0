import type { Plan } from '../plan/plan-schema.ts';
import { isArrival } from '../plan/timeline.ts';
import type { Ceiling } from './verdict.ts';

/** A stage that lasts some time, from where the one before ended. */
export type Stage = {
  readonly index: number;
  /** The highest level within it. */
  readonly level: number;
  /** Milliseconds from the run's start, without what of it is warm-up. */
  readonly fromMs: number;
  readonly toMs: number;
};

export type Stages = Pick<Ceiling, 'scenario' | 'unit'> & { readonly stages: readonly Stage[] };

/**
 * The stages of the plan's one scenario with stages, without jumps and without those that are all warm-up; undefined
 * when there is none. Levels are starts a second or virtual users.
 */
export function stagesOf({ scenarios, warmUp }: Pick<Plan, 'scenarios' | 'warmUp'>): Stages | undefined {
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (!('stages' in scenario)) continue;
    const perSecond = isArrival(scenario) ? 1000 / scenario.timeUnit : 1;
    let level = 'startVUs' in scenario ? scenario.startVUs : scenario.startRate;
    let endMs = scenario.startTime;
    const stages = scenario.stages.map(({ duration, target }, index): Stage => {
      const [fromMs, highest] = [endMs, Math.max(level, target)];
      endMs += duration;
      level = target;
      return { index, level: highest * perSecond, fromMs: Math.max(fromMs, warmUp), toMs: endMs };
    });
    return {
      scenario: name,
      unit: isArrival(scenario) ? 'starts/s' : 'vus',
      stages: stages.filter(({ fromMs, toMs }) => toMs > fromMs),
    };
  }
  return undefined;
}
