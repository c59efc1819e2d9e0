import type { LatencyPercentilesMs } from './measured.ts';
import { seededRandom } from './seeded-random.ts';

export interface LatencySourceOptions {
  readonly seed: number;
  /** Keeps the streams of two servers apart although their operations share names. */
  readonly server: string;
  /** By operation. */
  readonly percentilesMs: Readonly<Record<string, LatencyPercentilesMs>>;
  /** Multiplies every latency; 0 answers at once. */
  readonly scale: number;
}

/** The next latency of an operation, in milliseconds; 0 for an operation without figures. */
export type LatencySource = (operation: string) => number;

/**
 * Draws latencies, one independent seeded stream an operation: how often one operation is called does not change
 * what another one draws.
 */
export function latencySource({ seed, server, percentilesMs, scale }: LatencySourceOptions): LatencySource {
  const draws = new Map(
    Object.entries(percentilesMs).map(([operation, figures]) => {
      const random = seededRandom(seed, server, operation);
      return [operation, () => scale * latencyQuantile(figures, random())];
    }),
  );
  return (operation) => draws.get(operation)?.() ?? 0;
}

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

/**
 * Waits `durationMs` milliseconds, rounded to whole ones as timers are. Resolves early when `signal` fires, because
 * nobody is left to wait for; 0 or less returns without giving up the turn's timers.
 */
export function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  const wholeMs = Math.round(durationMs);
  if (wholeMs <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, wholeMs);
    signal.addEventListener('abort', done);
  });
}
