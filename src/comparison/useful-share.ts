import type { ComparisonRules } from '../plan/plan-schema.ts';
import type { LatencyBatch } from '../summary/batches.ts';
import { type BatchPair, type OperationPair, type PairedBatches, pairBatches } from './batch-pairs.ts';
import { binomialLimits } from './binomial-limits.ts';
import { MIN_BATCHES, mapInterval, resampledInterval, type Weights } from './bootstrap.ts';
import type { Interval, UsefulShareChange } from './comparison.ts';

/**
 * A change by so much is a finding even if a single outage made it, so the counts decide alone. Smaller changes must also be
 * spread over the batches, because requests fail together: one restart of a server fails all that are active.
 */
const LARGE_CHANGE = 0.25;
/** For sums of fractions: 0.99 - 1 is a little less than -0.01. */
const ROUNDING = 1e-9;

/**
 * Compares the share of useful requests of some operations, counted together. Needs no latency. Several operations are also
 * weighted alike in both runs, because calling a bad operation more often is not a failure; the interval includes both ways.
 */
export function compareUsefulShare(pairs: readonly OperationPair[], rules: ComparisonRules): UsefulShareChange {
  const batches = pairBatches(pairs);
  const strata = batches.operations.map(countsOf);
  const all = batches.sizes.map((size) => new Float64Array(size).fill(1)) as [Float64Array, Float64Array];
  const before = total(strata, 'baseline', all[0]);
  const after = total(strata, 'current', all[1]);
  const requests = Math.min(before.useful + before.failures, after.useful + after.failures);
  if (requests === 0) return { usefulVerdict: 'too-little-data', usefulRateChange: null };

  const estimate = rateChange(strata, ...all);
  const weighted = strata.length === 1 ? estimate : weightedRateChange(strata, ...all);
  const counts = countsInterval(before, after, rules.confidence);
  const bounds = [counts, mapInterval(counts, (change) => change + weighted - estimate)];
  const isLarge = leastOf(estimate, weighted) >= LARGE_CHANGE - ROUNDING;
  const clusters = Math.min(clustersOf(strata, 'baseline'), clustersOf(strata, 'current'));
  const isSpread = clusters >= MIN_BATCHES;
  if (isSpread && !isLarge) {
    bounds.push(...resampledBounds(strata, batches, estimate, weighted, clusters, rules.confidence));
  }
  const usefulRateChange = widest(estimate, bounds);
  const is = { provable: isLarge || isSpread, enough: requests >= rules.minRequests };
  return { usefulVerdict: judgeUsefulShare(usefulRateChange, weighted, is, rules), usefulRateChange };
}

/**
 * Fails more or less when the whole interval is on one side of "no change" and both estimates are at least the tolerance.
 * Same when there are enough requests and the estimate is within the tolerance.
 * @param weighted the change with the operations weighted alike in both runs
 * @param is whether such a change can be proven at all, and whether there are enough requests for `same`
 */
export function judgeUsefulShare(
  { estimate, low, high }: Interval,
  weighted: number,
  is: { readonly provable: boolean; readonly enough: boolean },
  { usefulTolerance }: Pick<ComparisonRules, 'usefulTolerance'>,
): UsefulShareChange['usefulVerdict'] {
  if (is.provable && leastOf(estimate, weighted) >= usefulTolerance - ROUNDING) {
    if (high < 0) return 'fails-more';
    if (low > 0) return 'fails-less';
  }
  return is.enough && Math.abs(estimate) <= usefulTolerance + ROUNDING ? 'same' : 'too-little-data';
}

/** The size of the smaller of two changes; 0 when they have different directions. */
function leastOf(a: number, b: number): number {
  return Math.sign(a) === Math.sign(b) ? Math.min(Math.abs(a), Math.abs(b)) : 0;
}

type Side = keyof BatchPair;
/** Useful requests, and failures of their operation: failed requests and calls that no session could be opened for. */
type Counts = { readonly useful: number; readonly failures: number };
/** The counts of one operation in each batch of both runs. */
type Stratum = Readonly<Record<Side, readonly Counts[]>>;

const NOTHING: Counts = { useful: 0, failures: 0 };

function countsOf({ baseline, current }: BatchPair): Stratum {
  const counts = (batches: readonly (LatencyBatch | undefined)[]) =>
    batches.map((batch) =>
      batch === undefined ? NOTHING : { useful: batch.useful, failures: batch.failures + (batch.blocked ?? 0) },
    );
  return { baseline: counts(baseline), current: counts(current) };
}

function total(strata: readonly Stratum[], side: Side, weights: Weights): Counts {
  let [useful, failures] = [0, 0];
  for (const stratum of strata) {
    for (const [at, counts] of stratum[side].entries()) {
      useful += counts.useful * (weights[at] as number);
      failures += counts.failures * (weights[at] as number);
    }
  }
  return { useful, failures };
}

/** The number of batches with useful requests or failures. */
function clustersOf(strata: readonly Stratum[], side: Side): number {
  return perBatch(strata, side).filter(({ useful, failures }) => useful + failures > 0).length;
}

/** The counts of all operations in each batch. */
function perBatch(strata: readonly Stratum[], side: Side): Counts[] {
  const size = strata[0]?.[side].length ?? 0;
  return Array.from({ length: size }, (_, at) => sumOf(strata.map((stratum) => stratum[side][at] ?? NOTHING)));
}

function sumOf(counts: readonly Counts[]): Counts {
  return {
    useful: counts.reduce((sum, { useful }) => sum + useful, 0),
    failures: counts.reduce((sum, { failures }) => sum + failures, 0),
  };
}

function rateOf({ useful, failures }: Counts): number {
  return useful / (useful + failures);
}

/** The change with all requests counted alike; NaN when the drawn batches have no requests. */
function rateChange(strata: readonly Stratum[], baseline: Weights, current: Weights): number {
  return rateOf(total(strata, 'current', current)) - rateOf(total(strata, 'baseline', baseline));
}

/** The mean change of the operations, by the weights of Mantel and Haenszel; NaN when no operation has requests in both. */
function weightedRateChange(strata: readonly Stratum[], baseline: Weights, current: Weights): number {
  let [sum, weights] = [0, 0];
  for (const stratum of strata) {
    const [before, after] = [total([stratum], 'baseline', baseline), total([stratum], 'current', current)];
    const [first, second] = [before.useful + before.failures, after.useful + after.failures];
    if (first === 0 || second === 0) continue;
    const weight = (first * second) / (first + second);
    sum += weight * (rateOf(after) - rateOf(before));
    weights += weight;
  }
  return sum / weights;
}

/** The intervals by the batches: of all requests alike, and for several operations of their mean change. */
function resampledBounds(
  strata: readonly Stratum[],
  { paired, sizes }: PairedBatches,
  estimate: number,
  weighted: number,
  clusters: number,
  confidence: number,
): Interval[] {
  const influence = [rateInfluence(perBatch(strata, 'baseline')), rateInfluence(perBatch(strata, 'current'))] as const;
  const batches = { sizes, paired, clusters, influence };
  const plain = resampledInterval(batches, confidence, estimate, (...weights) => rateChange(strata, ...weights));
  if (strata.length === 1) return plain === undefined ? [] : [plain];
  const mean = resampledInterval(batches, confidence, weighted, (...weights) => weightedRateChange(strata, ...weights));
  return [plain, mean].filter((interval) => interval !== undefined);
}

/** What each batch adds to the error of the share: its surplus of failures, as a share of all requests. The sum is 0. */
function rateInfluence(batches: readonly Counts[]): number[] {
  const { useful, failures } = sumOf(batches);
  const requests = useful + failures;
  return batches.map((each) => (each.failures - (failures / requests) * (each.useful + each.failures)) / requests);
}

/**
 * The interval of the change by the counts alone: Newcombe's combination of the limits of two shares ("Interval estimation
 * for the difference between independent proportions", 1998), here with exact limits.
 */
function countsInterval(before: Counts, after: Counts, confidence: number): Interval {
  const limits = ({ useful, failures }: Counts) => binomialLimits(useful, useful + failures, confidence);
  const [[beforeLow, beforeHigh], [afterLow, afterHigh]] = [limits(before), limits(after)];
  const [first, second] = [rateOf(before), rateOf(after)];
  const estimate = second - first;
  return {
    estimate,
    low: estimate - Math.hypot(second - afterLow, beforeHigh - first),
    high: estimate + Math.hypot(afterHigh - second, first - beforeLow),
  };
}

/** The estimate with the bounds of all intervals, none beyond what a share can change by. */
function widest(estimate: number, intervals: readonly Interval[]): Interval {
  const low = Math.min(estimate, ...intervals.map((each) => each.low));
  const high = Math.max(estimate, ...intervals.map((each) => each.high));
  return mapInterval({ estimate, low, high }, (rate) => Math.max(-1, Math.min(1, rate)));
}
