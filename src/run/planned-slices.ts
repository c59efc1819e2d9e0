import type { RunRecord, RunSchedule } from '../store/run-record.ts';
import type { SliceFold } from '../summary/fold.ts';

/** How many slices had to run: all of the plan, or of a run that ended itself those of the windows that had begun. */
export function plannedSlices(
  schedule: RunSchedule,
  abort: RunRecord['abort'],
  slices: readonly Pick<SliceFold, 'state'>[],
): number {
  const { lanes, windows, windowMs } = schedule;
  if (abort === undefined) return lanes * windows;
  const begun = Math.min(windows, Math.floor((abort.atSeconds * 1000) / windowMs) + 1);
  // Slices of the next window may be waiting for their start already, and say so.
  return Math.max(lanes * begun, slices.filter(({ state }) => state !== 'lost').length);
}
