import type { Plan } from './plan-schema.ts';
import { isStaged, toMicrosecond } from './timeline.ts';

/**
 * Where a run is cut into parts that are looked at apart, milliseconds from its start, ascending: the end of the warm-up
 * and, when a threshold must hold over every stage, the bounds of the stages. Part 0 lies before the first cut, part 1
 * between it and the second, and so on; a cut belongs to the part that it begins.
 */
export function partsOf(plan: Plan): readonly number[] {
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
export function warmUpPartsOf(plan: Plan): number {
  return partsOf(plan).filter((cut) => cut <= plan.warmUp).length;
}

/** The part in which a moment lies. @param atMs from the start of the run; what comes before it is in part 0 */
export function partAt(cuts: readonly number[], atMs: number): number {
  let part = 0;
  while (part < cuts.length && (cuts[part] as number) <= atMs) part++;
  return part;
}
