import type { WarmUp } from '../summary/summary.ts';
import { formatCount, formatDuration } from './format.ts';

/** What a warm-up left out of the figures, as no sentence or one. */
export function warmUpSentences(warmUp: WarmUp | null): readonly string[] {
  if (warmUp === null) return [];
  const { seconds, requests, failures } = warmUp;
  const left = requests === 1 ? '1 request' : `${formatCount(requests)} requests`;
  const failed = failures === 0 ? '' : ` (${formatCount(failures)} failed)`;
  return [
    `Warm-up of ${formatDuration(seconds)}: ${left}${failed} left out of all figures but those over time and of sessions.`,
  ];
}
