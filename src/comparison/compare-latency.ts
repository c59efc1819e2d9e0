import type { ComparisonRules } from '../plan/plan-schema.ts';
import { answeredOrWaited } from '../summary/batches.ts';
import { type BatchPair, pairBatches } from './batch-pairs.ts';
import { BatchPool } from './batch-pool.ts';
import { MIN_BATCHES, mapInterval, resampledInterval, type Weights } from './bootstrap.ts';
import type {
  ComparedOperation,
  ComparisonVerdict,
  Interval,
  OperationComparison,
  UsefulShareChange,
} from './comparison.ts';

const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
/** With fewer requests beyond it, a percentile depends on a few outliers. */
const MIN_BEYOND = 5;
/** With a latency of so few requests, because all others failed fast, it is not typical of the operation. */
const MIN_TIMED_RATE = 0.1;

/**
 * Compares the latency of one operation.
 * @param share how its share of useful requests changed
 * @throws when a batch's histogram is damaged
 */
export function compareLatency(
  baseline: ComparedOperation,
  current: ComparedOperation,
  share: UsefulShareChange,
  rules: ComparisonRules,
): Pick<OperationComparison, 'verdict' | 'reason' | 'change' | 'changeMs'> {
  const [before, after] = [baseline.latencyMs?.[rules.metric] ?? 0, current.latencyMs?.[rules.metric] ?? 0];
  const clusters = Math.min(latencyClusters(baseline), latencyClusters(current));
  const scarce = scarcity(baseline, current, clusters, rules);
  const isEstimable = clusters >= MIN_BATCHES && before > 0 && after > 0;
  const logEstimate = Math.log(after) - Math.log(before);
  const logChange = isEstimable ? latencyChange(baseline, current, logEstimate, clusters, rules) : undefined;
  if (logChange === undefined) {
    return { verdict: 'too-little-data', reason: scarce, change: null, changeMs: null };
  }
  const change = mapInterval(logChange, Math.expm1);
  const changes = { change, changeMs: mapInterval(change, (ratio) => ratio * before) };
  if (scarce !== '') return { verdict: 'too-little-data', reason: scarce, ...changes };
  const verdict = judgeChange(logChange, rules.tolerance);
  const bound = boundReason(verdict, baseline, current, rules);
  if (bound !== '') return { verdict: 'too-little-data', reason: bound, ...changes };
  if (verdict === 'faster' && fellNoticeably(share, rules)) {
    return { verdict: 'not-comparable', reason: 'a smaller share of the requests was useful', ...changes };
  }
  const reason = verdict === 'too-little-data' ? 'the confidence interval is too wide' : '';
  return { verdict, reason, ...changes };
}

/** Why a percentile that is only a lower bound does not prove the verdict; empty where it does, or where both are exact. */
function boundReason(
  verdict: ComparisonVerdict,
  baseline: ComparedOperation,
  current: ComparedOperation,
  { metric }: ComparisonRules,
): string {
  const proven =
    (!isBound(baseline, metric) || verdict === 'faster') && (!isBound(current, metric) || verdict === 'slower');
  return proven ? '' : `${metric} is only known as a lower bound, because too many requests had no answer`;
}

/** Whether the compared percentile of an operation is only a lower bound. */
export function isBound({ latencyMs }: ComparedOperation, metric: ComparisonRules['metric']): boolean {
  return latencyMs?.atLeast?.includes(metric) ?? false;
}

/** Whether fewer requests were useful, proven or not: the requests that failed may be those that would have taken long. */
function fellNoticeably({ usefulVerdict, usefulRateChange }: UsefulShareChange, rules: ComparisonRules): boolean {
  return usefulVerdict === 'fails-more' || (usefulRateChange?.estimate ?? 0) < -rules.usefulTolerance;
}

/** The number of latencies and waits that an operation is compared by. */
function latenciesOf({ batches }: ComparedOperation): number {
  return batches.reduce((sum, batch) => sum + answeredOrWaited(batch), 0);
}

/** The number of batches with a latency. */
function latencyClusters({ batches }: ComparedOperation): number {
  return batches.filter((batch) => answeredOrWaited(batch) > 0).length;
}

/** Why there is too little data; empty when there is enough. */
function scarcity(
  before: ComparedOperation,
  after: ComparedOperation,
  clusters: number,
  rules: ComparisonRules,
): string {
  const least = Math.max(rules.minRequests, Math.round(MIN_BEYOND / (1 - QUANTILES[rules.metric])));
  if (Math.min(latenciesOf(before), latenciesOf(after)) < least) {
    return `${rules.metric} needs ${least} useful or unanswered requests in each run`;
  }
  if ([before, after].some((each) => latenciesOf(each) < MIN_TIMED_RATE * (each.count + (each.blocked ?? 0)))) {
    return `at least ${MIN_TIMED_RATE * 100} % of the calls of each run must be useful or unanswered`;
  }
  if (clusters >= MIN_BATCHES) return '';
  return `at least ${MIN_BATCHES} batches of each run need useful or unanswered requests`;
}

/** The logarithm of the ratio of the percentiles and its interval; swapping the runs changes only its sign. */
function latencyChange(
  baseline: ComparedOperation,
  current: ComparedOperation,
  logEstimate: number,
  clusters: number,
  { metric, confidence }: ComparisonRules,
): Interval | undefined {
  const { paired, sizes, operations } = pairBatches([[baseline, current]]);
  const [batches] = operations as readonly [BatchPair];
  const [before, after] = [new BatchPool(batches.baseline), new BatchPool(batches.current)];
  const q = QUANTILES[metric];
  const logRatio = (first: Weights, second: Weights) =>
    Math.log(after.quantile(second, q)) - Math.log(before.quantile(first, q));
  const influence = [before.quantileInfluence(q), after.quantileInfluence(q)] as const;
  return resampledInterval({ sizes, paired, clusters, influence }, confidence, logEstimate, logRatio);
}

/**
 * Slower or faster when the whole interval is on one side of "no change" and the estimate is at least the tolerance. Same
 * when the interval is within the tolerance, or is on one side of "no change" with an estimate within the tolerance.
 * Otherwise there is too little data.
 * @param logChange logarithms of the ratio of current to baseline
 * @param tolerance share of the baseline; inverted for faster, so that swapping the runs swaps slower and faster
 */
export function judgeChange({ estimate, low, high }: Interval, tolerance: number): ComparisonVerdict {
  const limit = Math.log1p(tolerance);
  if (low > 0) return estimate >= limit ? 'slower' : 'same';
  if (high < 0) return estimate <= -limit ? 'faster' : 'same';
  return low >= -limit && high <= limit ? 'same' : 'too-little-data';
}
