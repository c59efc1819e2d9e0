import type { TargetPauses } from '../summary/summary.ts';
import { formatCount, formatDuration } from './format.ts';

/** For each target that asked for pauses a sentence: how many, how long, and what they did to the load. */
export function pauseSentences(pauses: readonly TargetPauses[]): readonly string[] {
  return pauses.map(({ target, count, totalMs, maxMs }) => {
    const [total, longest] = [formatDuration(totalMs / 1000), formatDuration(maxMs / 1000)];
    return count === 1
      ? `1 pause of a virtual user, ${total}, because ${target} asked for it (Retry-After); it lowered the load below the plan.`
      : `${formatCount(count)} pauses of virtual users, ${total} in all and the longest ${longest}, because ${target} asked for them (Retry-After); they lowered the load below the plan.`;
  });
}
