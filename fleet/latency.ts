import type { LatencyPercentilesMs } from './measured.ts';
import { seededRandom } from './seeded-random.ts';

/** Draws the next latency of an operation, in milliseconds; 0 for an operation without figures. */
export type LatencySource = (operation: string) => number;

type LatencySourceOptions = {
  readonly seed: number;
  /** Part of the seed, so that two servers draw different latencies for operations of the same name. */
  readonly server: string;
  /** By operation. */
  readonly percentilesMs: Readonly<Record<string, LatencyPercentilesMs>>;
  /** Multiplies every latency. With 0, every latency is 0. */
  readonly scale: number;
};

/**
 * Draws latencies from a separate seeded stream per operation: how often one operation is called does not change the
 * latencies of another.
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

const PROBABILITIES = [0, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 1] as const;

/**
 * The latency in milliseconds that a share `probability` of requests does not exceed. With uniform random numbers as
 * `probability` it draws latencies.
 *
 * The curve passes through every measured percentile. Between two of them the logarithm of the latency is linear,
 * because latencies vary by factors, not by sums. The curve never decreases and stays between minimum and maximum.
 *
 * @throws RangeError if `probability` is outside 0 to 1.
 */
export function latencyQuantile(percentilesMs: LatencyPercentilesMs, probability: number): number {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`probability must be between 0 and 1, got ${probability}`);
  }
  const upper = PROBABILITIES.findIndex((known) => known >= probability);
  const highMs = percentilesMs[upper]!;
  if (probability === PROBABILITIES[upper]) return highMs;
  const lowMs = percentilesMs[upper - 1]!;
  const from = PROBABILITIES[upper - 1]!;
  const share = (probability - from) / (PROBABILITIES[upper]! - from);
  // Rounding in the exponential could put the result just outside the two ends; the curve would then decrease there.
  return Math.min(highMs, Math.max(lowMs, lowMs * (highMs / lowMs) ** share));
}

/**
 * Waits `durationMs` milliseconds, rounded to whole milliseconds as timers are. Resolves early when `signal` fires,
 * because the client has disconnected. Sets no timer for a duration that rounds to 0 or less.
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
