import type { ComparisonVerdict, Interval } from '../comparison/comparison.ts';

/**
 * Slower or faster when the whole interval lies on one side of no change and the estimate is beyond the tolerance. Same when
 * the interval stays within the tolerance, or shows a difference whose estimate does. Otherwise nothing was shown.
 * @param logChange logarithms of the ratio of current to baseline
 * @param tolerance share of the baseline; downwards the ratio's inverse counts, so that exchanging the runs exchanges
 *   slower and faster
 */
export function judgeChange({ estimate, low, high }: Interval, tolerance: number): ComparisonVerdict {
  const limit = Math.log1p(tolerance);
  if (low > 0) return estimate >= limit ? 'slower' : 'same';
  if (high < 0) return estimate <= -limit ? 'faster' : 'same';
  return low >= -limit && high <= limit ? 'same' : 'too-little-data';
}
