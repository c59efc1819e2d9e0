import type { Interval } from '../comparison/comparison.ts';

/**
 * The bounds between which a share of `confidence` of the resampled values lies, moved away from what was seen by the
 * factor `stretch`, and never so that they leave it out.
 * @param sorted ascending, not empty
 * @param resampledFrom the value of the data that the resamples were drawn from, which buckets may have rounded
 */
export function intervalAround(
  sorted: Float64Array,
  resampledFrom: number,
  estimate: number,
  confidence: number,
  stretch: number,
): Interval {
  const outside = Math.floor((sorted.length * (1 - confidence)) / 2);
  const stretched = (value: number) => resampledFrom + stretch * (value - resampledFrom);
  return {
    estimate,
    low: Math.min(estimate, stretched(sorted[outside] as number)),
    high: Math.max(estimate, stretched(sorted[sorted.length - 1 - outside] as number)),
  };
}

/** The interval with another unit; `to` must not decrease. */
export function mapInterval({ estimate, low, high }: Interval, to: (value: number) => number): Interval {
  return { estimate: to(estimate), low: to(low), high: to(high) };
}
