import type { LatencyPercentilesMs } from './measured.ts';

const probabilities = [0, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 1] as const;

/**
 * The latency in milliseconds that a share `probability` of requests does not exceed.
 *
 * The curve runs through every measured percentile and is a straight line of the logarithm between two of them,
 * because latencies spread by factors rather than by sums. It never falls, and never leaves minimum and maximum.
 * Feed it uniform random numbers to draw latencies.
 *
 * @throws RangeError when `probability` is outside 0 to 1.
 */
export function latencyQuantile(percentilesMs: LatencyPercentilesMs, probability: number): number {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`probability must lie between 0 and 1, got ${probability}`);
  }
  const upper = probabilities.findIndex((known) => known >= probability);
  const highMs = percentilesMs[upper]!;
  if (probability === probabilities[upper]) return highMs;
  const lowMs = percentilesMs[upper - 1]!;
  const from = probabilities[upper - 1]!;
  const share = (probability - from) / (probabilities[upper]! - from);
  // Rounding in the exponential could step outside the two ends by a hair, which would break monotony.
  return Math.min(highMs, Math.max(lowMs, lowMs * (highMs / lowMs) ** share));
}
