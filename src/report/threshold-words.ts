import type { SeenAt, ThresholdResult } from '../verdict/verdict.ts';
import { formatDuration, formatMoment } from './format.ts';

/** What a condition had to hold over, when that is not the run as a whole; else empty. */
export function overWords({ over }: ThresholdResult): string {
  if (over === undefined) return '';
  return over === 'stage' ? 'each stage' : `every ${formatDuration(over / 1000)}`;
}

/** Where the observed value was seen, e.g. `stage 3, 1:00–1:30`; empty when over the run as a whole. */
export function seenWords(at: SeenAt | undefined): string {
  if (at === undefined) return '';
  const stage = at.stage === undefined ? '' : `stage ${at.stage + 1}, `;
  return `${stage}${formatMoment(at.fromSeconds)}–${formatMoment(at.toSeconds)}`;
}
