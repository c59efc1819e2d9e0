import { NO_TIME } from '../sample/block.ts';

/** Non-negative whole numbers below 2^32 in ascending order. */
export function ascending(values: Iterable<number>): Uint32Array {
  return Uint32Array.from(values).sort();
}

/** All values in ascending order. */
export function sorted(arrays: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(arrays.reduce((length, array) => length + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all.sort();
}

/** The values that are left when every one of `taken` is taken away once. Both ascending, `taken` a part of `from`. */
export function without(from: Uint32Array, taken: Uint32Array): Uint32Array {
  const rest = new Uint32Array(from.length - taken.length);
  let [at, next] = [0, 0];
  for (const value of from) {
    if (taken[next] === value) next++;
    else rest[at++] = value;
  }
  return rest;
}

/** The most that a column of microseconds holds, some 71 minutes. */
const MOST_US = NO_TIME - 1;

/** From the intended start to the end, microseconds: what a request or iteration waited for its turn is part of it. */
export function latencyUs(lagUs: number, durationUs: number): number {
  return Math.min(MOST_US, lagUs + durationUs);
}

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

/**
 * Exact percentiles in milliseconds; null when there are no values.
 * @param sorted ascending, microseconds unless said otherwise
 * @param perMs how many of the values' unit make a millisecond
 */
export function percentilesOf(sorted: Uint32Array, perMs = 1000): Percentiles | null {
  if (sorted.length === 0) return null;
  let sum = 0;
  for (const value of sorted) sum += value;
  const ms = (q: number) => quantile(sorted, q) / perMs;
  return {
    min: (sorted[0] as number) / perMs,
    mean: sum / sorted.length / perMs,
    p50: ms(0.5),
    p75: ms(0.75),
    p90: ms(0.9),
    p95: ms(0.95),
    p99: ms(0.99),
    p999: ms(0.999),
    max: (sorted[sorted.length - 1] as number) / perMs,
  };
}
