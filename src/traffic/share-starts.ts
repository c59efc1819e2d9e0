import type { Share } from '../plan/slices.ts';
import { toMicrosecond } from '../plan/timeline.ts';
import { type ArrivalSchedule, startsBefore } from './arrival-schedule.ts';

/** Starts of a scenario that fall to a share: `first`, and every `step`-th after it below `end`. */
export type ShareStarts = { readonly first: number; readonly end: number; readonly step: number };

type Bounds = Pick<Share, 'scenarioStartMs' | 'fromMs' | 'toMs' | 'part' | 'parts'>;

/**
 * The starts whose instants lie in the share's time, of these its part. Shares whose windows meet have that boundary in
 * common, so that no start falls between them or into both.
 */
export function shareStarts(schedule: ArrivalSchedule, share: Bounds): ShareStarts {
  const { scenarioStartMs, fromMs, toMs, part, parts } = share;
  const from = startsBefore(schedule, toMicrosecond(fromMs - scenarioStartMs));
  const end = startsBefore(schedule, toMicrosecond(toMs - scenarioStartMs));
  const first = from + ((((part - from) % parts) + parts) % parts);
  return { first, end, step: parts };
}
