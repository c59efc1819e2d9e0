import type { DistributionBin } from './summary.ts';

const BINS = 30;

/** Counts ascending microseconds into bins of equal width on a logarithmic scale from the least to the greatest. */
export function distributionOf(sortedUs: Uint32Array): DistributionBin[] {
  if (sortedUs.length === 0) return [];
  const first = sortedUs[0] as number;
  // A logarithmic scale has no 0.
  const least = Math.max(1, first);
  // Past the greatest, so that it falls into the last bin.
  const beyond = Math.max(least, sortedUs[sortedUs.length - 1] as number) + 1;
  // So many that the first and narrowest is still a microsecond wide: narrower ones would be empty for no reason.
  const bins = Math.min(BINS, Math.max(1, Math.floor(Math.log(beyond / least) / Math.log1p(1 / least))));
  const edge = (bin: number) => {
    if (bin === 0) return first;
    return bin === bins ? beyond : least * (beyond / least) ** (bin / bins);
  };
  const result: DistributionBin[] = [];
  let at = 0;
  for (let bin = 0; bin < bins; bin++) {
    const from = at;
    while (at < sortedUs.length && (sortedUs[at] as number) < edge(bin + 1)) at++;
    result.push({ fromMs: edge(bin) / 1000, toMs: edge(bin + 1) / 1000, count: at - from });
  }
  return result;
}
