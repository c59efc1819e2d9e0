import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { NO_TIME } from '../sample/block.ts';

/** Latency figures in milliseconds. Percentiles are nearest-rank: each is a value that was measured. */
export type Percentiles = Readonly<Record<PercentileName, number>> & {
  /** The figures that are only lower bounds, because some requests had no answer; absent when all are exact. */
  readonly atLeast?: readonly PercentileName[];
};

/** The figures of a distribution, from the least to the greatest. */
export const PERCENTILE_NAMES = ['min', 'mean', 'p50', 'p75', 'p90', 'p95', 'p99', 'p999', 'max'] as const;
export type PercentileName = (typeof PERCENTILE_NAMES)[number];

const QUANTILES: Readonly<Record<Exclude<PercentileName, 'mean'>, number>> = {
  min: 0,
  p50: 0.5,
  p75: 0.75,
  p90: 0.9,
  p95: 0.95,
  p99: 0.99,
  p999: 0.999,
  max: 1,
};

/**
 * Exact percentiles in milliseconds; null when there are no values.
 * @param sorted ascending, microseconds unless `perMs` says otherwise
 * @param perMs how many units of the values make a millisecond
 */
export function percentilesOf(sorted: Uint32Array, perMs = 1000): Percentiles | null {
  if (sorted.length === 0) return null;
  let sum = 0;
  for (const value of sorted) sum += value;
  const of = (name: PercentileName) => (name === 'mean' ? sum / sorted.length : quantile(sorted, QUANTILES[name]));
  return Object.fromEntries(PERCENTILE_NAMES.map((name) => [name, of(name) / perMs])) as Record<PercentileName, number>;
}

/**
 * Percentiles in milliseconds of latencies of which some are only known to be at least as long as a wait; null when there
 * are no values. A figure is exact when it would be the same however long those had taken. Any other figure is the value
 * that it would have at least.
 * @param known latencies, ascending microseconds
 * @param waits how long requests without an answer had waited, ascending microseconds
 */
export function boundedPercentilesOf(known: Uint32Array, waits: Uint32Array): Percentiles | null {
  const all = waits.length === 0 ? known : sorted([known, waits]);
  const figures = percentilesOf(all);
  if (figures === null || waits.length === 0) return figures;
  const atLeast = PERCENTILE_NAMES.filter((name) => name === 'mean' || !isExact(known, all, QUANTILES[name]));
  return atLeast.length === 0 ? figures : { ...figures, atLeast };
}

/**
 * Percentiles in milliseconds of durations that no time limit bounds. A column of a block holds about 71 minutes, so a
 * duration that fills it is only a lower bound. @param durations ascending microseconds
 */
export function columnPercentilesOf(durations: Uint32Array): Percentiles | null {
  const full = durations.findIndex((us) => us >= MAX_COLUMN_US);
  return full < 0
    ? percentilesOf(durations)
    : boundedPercentilesOf(durations.subarray(0, full), durations.subarray(full));
}

/** Whether a quantile of all values is the same if the waits among them had no end. */
function isExact(known: Uint32Array, all: Uint32Array, q: number): boolean {
  const rank = nearestRank(all.length, q);
  return known[rank - 1] === all[rank - 1];
}

/**
 * The nearest-rank quantile: the smallest value that at least the fraction `q` of all values do not exceed.
 * @param sorted ascending, not empty
 * @param q between 0 and 1
 */
export function quantile(sorted: Uint32Array, q: number): number {
  return sorted[nearestRank(sorted.length, q) - 1] as number;
}

/** The rank, from 1 to `count`, of the nearest-rank quantile among so many values. @param q between 0 and 1 */
export function nearestRank(count: number, q: number): number {
  // In binary, 0.07 * 100 is a little more than 7, which must not become rank 8.
  return Math.min(count, Math.max(1, Math.ceil(q * count * (1 - 4 * Number.EPSILON))));
}

/** Whole numbers from 0 to 2^32 - 1 in ascending order. */
export function ascending(values: Iterable<number>): Uint32Array {
  return Uint32Array.from(values).sort();
}

/** All values of the arrays in ascending order. */
export function sorted(arrays: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(arrays.reduce((length, array) => length + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all.sort();
}

/** The values of `from` that remain when each value of `taken` is removed once. Both ascending, `taken` a part of `from`. */
export function without(from: Uint32Array, taken: Uint32Array): Uint32Array {
  const rest = new Uint32Array(from.length - taken.length);
  let [at, next] = [0, 0];
  for (const value of from) {
    if (taken[next] === value) next++;
    else rest[at++] = value;
  }
  return rest;
}

/** The longest time that a column of a block holds, about 71 minutes. */
const MAX_COLUMN_US = NO_TIME - 1;

/** From the intended start to the end, microseconds: includes the time that a request or iteration waited to start. */
export function latencyUs(lagUs: number, durationUs: number): number {
  return Math.min(MAX_COLUMN_US, lagUs + durationUs);
}

/** The longest time that a histogram holds. */
const MAX_HISTOGRAM_US = 2 ** 32;

/** An empty HDR histogram of microseconds, up to more than an hour, within 1 %: for figures while a run is active. */
export function emptyHistogram(): Histogram {
  return build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_HISTOGRAM_US,
    numberOfSignificantValueDigits: 2,
    autoResize: false,
  });
}

/** Counts a duration; one that is longer than the histogram's maximum counts as the maximum. */
export function recordMicroseconds(histogram: Histogram, us: number): void {
  histogram.recordValue(Math.min(MAX_HISTOGRAM_US, us));
}

/** The value of a rank from 1 to the number of recorded values, ascending; microseconds. */
export function valueAtRank(histogram: Histogram, rank: number): number {
  // Half a rank less, because the library rounds up and the division may not be exact.
  return histogram.getValueAtPercentile(((rank - 0.5) / histogram.totalCount) * 100);
}

/** The histogram as text: compressed, base64. */
export function writeHistogram(histogram: Histogram): string {
  return encodeIntoCompressedBase64(histogram);
}

/** The inverse of writeHistogram. @throws when the text is damaged */
export function readHistogram(text: string): Histogram {
  return decodeFromCompressedBase64(text, 32, false);
}
