/** Latency figures in milliseconds. Percentiles are nearest-rank: each is a value that was really measured. */
export type Percentiles = {
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
};

/**
 * The nearest-rank quantile: the smallest value that at least the fraction `q` of all values do not exceed.
 * @param sorted ascending, not empty
 * @param q between 0 and 1
 */
export function quantile(sorted: Uint32Array, q: number): number {
  // Binary fractions make 0.07 * 100 a little more than 7, which must not become rank 8.
  const rank = Math.ceil(q * sorted.length * (1 - 4 * Number.EPSILON));
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] as number;
}

/** Exact percentiles in milliseconds of ascending durations in microseconds; null when there are none. */
export function percentilesOf(sortedUs: Uint32Array): Percentiles | null {
  if (sortedUs.length === 0) return null;
  let sum = 0;
  for (const value of sortedUs) sum += value;
  const ms = (q: number) => quantile(sortedUs, q) / 1000;
  return {
    min: (sortedUs[0] as number) / 1000,
    mean: sum / sortedUs.length / 1000,
    p50: ms(0.5),
    p75: ms(0.75),
    p90: ms(0.9),
    p95: ms(0.95),
    p99: ms(0.99),
    p999: ms(0.999),
    max: (sortedUs[sortedUs.length - 1] as number) / 1000,
  };
}
