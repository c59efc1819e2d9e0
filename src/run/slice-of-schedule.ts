import type { Plan } from '../plan/plan-schema.ts';
import { planExtent, type Slice, sliceOf } from '../plan/slices.ts';
import type { RunSchedule } from '../store/run-record.ts';

/** The slice of a lane in a window as preflight laid it out, whatever this process's own sizing is. */
export function sliceOfSchedule(plan: Plan, schedule: RunSchedule, lane: number, window: number): Slice {
  return sliceOf({ ...schedule, durationMs: planExtent(plan).durationMs }, schedule.startAtMs, lane, window);
}
