export interface DurationSummaryMs {
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Exact figures over all durations in milliseconds, rounded to a microsecond. A percentile is the nearest rank: the
 * smallest duration that at least that share of all durations does not exceed, so always one that occurred.
 * Null when there are no durations.
 */
export function summarizeDurations(durationsMs: readonly number[]): DurationSummaryMs | null {
  if (durationsMs.length === 0) return null;
  const sorted = Float64Array.from(durationsMs).sort();
  const percentile = (percent: number) => toMicroseconds(sorted[Math.ceil((percent * sorted.length) / 100) - 1]!);
  return {
    min: toMicroseconds(sorted[0]!),
    mean: toMicroseconds(sorted.reduce((sum, durationMs) => sum + durationMs, 0) / sorted.length),
    p50: percentile(50),
    p75: percentile(75),
    p90: percentile(90),
    p95: percentile(95),
    p99: percentile(99),
    max: toMicroseconds(sorted.at(-1)!),
  };
}

function toMicroseconds(durationMs: number): number {
  return Math.round(durationMs * 1000) / 1000;
}
