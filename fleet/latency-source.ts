import { latencyQuantile } from './latency-quantile.ts';
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
