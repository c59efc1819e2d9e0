import type { Plan } from '../plan/plan-schema.ts';
import { isStaged, toMicrosecond } from '../plan/timeline.ts';
import type { Moment } from './report.ts';

/** What the plan lets happen while the run is under way: its warm-up ends, and so does each stage but the last. */
export function momentsOf({ warmUp, scenarios }: Plan): readonly Moment[] {
  const moments: Moment[] = warmUp > 0 ? [{ atSeconds: warmUp / 1000, what: 'warm-up ends' }] : [];
  for (const [scenario, each] of Object.entries(scenarios)) {
    if (!isStaged(each)) continue;
    let atMs = each.startTime;
    for (const { duration } of each.stages.slice(0, -1)) {
      atMs = toMicrosecond(atMs + duration);
      if (duration > 0) moments.push({ atSeconds: atMs / 1000, what: 'stage ends', scenario });
    }
  }
  return moments.toSorted((a, b) => a.atSeconds - b.atSeconds);
}
