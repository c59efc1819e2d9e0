import type { SilentHolder, SliceFold } from './fold.ts';
import type { Unaccounted } from './generator-health.ts';

/**
 * Estimates the requests that are in no figure, because an attempt at a slice ended without a report of itself. What it had
 * sent by its last sign of life is known. After that, it can have sent as much as in its busiest seconds, or as the busiest
 * attempt of the run, for as long as it may have gone on.
 * @returns null if there can be none
 */
export function unaccountedOf(slices: readonly SliceFold[]): Unaccounted | null {
  const peaks = slices.flatMap(({ health, earlier = [], silent = [] }) =>
    [health, ...earlier, ...silent].map((each) => each?.peakPerSecond ?? 0),
  );
  const peak = Math.max(0, ...peaks);
  const affected = slices.flatMap(({ silent = [] }) => {
    const all = silent.map((holder) => requestsOf(holder, peak));
    return all.some(({ atMost }) => atMost !== 0) ? [all] : [];
  });
  if (affected.length === 0) return null;
  const all = affected.flat();
  return {
    estimate: sumOf(all.map(({ estimate }) => estimate)),
    atMost: sumOf(all.map(({ atMost }) => atMost)),
    slices: affected.length,
  };
}

/** Unknown if one of them is. */
function sumOf(counts: readonly (number | null)[]): number | null {
  return counts.reduce((sum, count) => (sum === null || count === null ? null : sum + count), 0);
}

/** @param peak the most requests a second of any attempt of the run */
function requestsOf(holder: SilentHolder, peak: number): Pick<Unaccounted, 'estimate' | 'atMost'> {
  const { unstored, likelyMs, atMostMs } = holder;
  const after = requestsAfter(holder, peak);
  if (unstored === null || after === null) return { estimate: null, atMost: null };
  const likely = atMostMs === 0 ? 0 : (after * likelyMs) / atMostMs;
  return {
    estimate: Math.max(0, Math.round(unstored + likely)),
    atMost: Math.max(0, Math.ceil(unstored + after)),
  };
}

/** The most requests that an attempt can have sent after its last sign of life; null if nothing shows how fast it was. */
function requestsAfter(
  { peakPerSecond = 0, atMostMs, growth, plannedRequests }: SilentHolder,
  peak: number,
): number | null {
  if (atMostMs === 0) return 0;
  const isObserved = peakPerSecond > 0 && growth !== null;
  const perSecond = Math.max(peak, isObserved ? peakPerSecond * growth : 0);
  const observed = (perSecond * atMostMs) / 1000;
  if (isObserved) return observed;
  if (plannedRequests !== null) return Math.max(observed, plannedRequests);
  return perSecond === 0 ? null : observed;
}
