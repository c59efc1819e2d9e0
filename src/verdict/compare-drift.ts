/** Beyond this a run is one slow movement rather than a series of batches, and no factor can make up for that. */
const MOST_CORRELATION = 0.8;

/**
 * By how much an interval is to be stretched because neighbouring batches are alike, as in a run that drifts: by the
 * standard error of a mean of values that each follow their predecessor (a first-order autoregression).
 * @param leanings of the batches in order of time, adding up to 0
 */
export function driftStretch(leanings: readonly number[]): number {
  const squares = leanings.reduce((sum, value) => sum + value * value, 0);
  if (squares === 0) return 1;
  const products = leanings.reduce((sum, value, at) => sum + value * (leanings[at + 1] ?? 0), 0);
  const correlation = Math.min(MOST_CORRELATION, Math.max(0, products / squares));
  return Math.sqrt((1 + correlation) / (1 - correlation));
}
