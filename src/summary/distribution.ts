import type { DistributionBin } from './summary.ts';

const BINS = 30;

/** Counts ascending microseconds into bins of equal width on a logarithmic scale from the least to the greatest. */
export function distributionOf(sortedUs: Uint32Array): DistributionBin[] {
  if (sortedUs.length === 0) return [];
  const least = Math.max(1, sortedUs[0] as number);
  // Past the greatest, so that it falls into the last bin; never narrower than a microsecond.
  const beyond = (sortedUs[sortedUs.length - 1] as number) + 1;
  const bins = Math.min(BINS, beyond - least);
  const edge = (bin: number) => (bin === bins ? beyond : least * (beyond / least) ** (bin / bins));
  const result: DistributionBin[] = [];
  let at = 0;
  for (let bin = 0; bin < bins; bin++) {
    const from = at;
    while (at < sortedUs.length && (sortedUs[at] as number) < edge(bin + 1)) at++;
    result.push({ fromMs: edge(bin) / 1000, toMs: edge(bin + 1) / 1000, count: at - from });
  }
  return result;
}
