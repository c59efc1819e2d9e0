import type { ComparisonRules } from '../plan/plan-schema.ts';
import { operationId } from '../sample/block.ts';
import { type BatchPair, type OperationPair, pairBatches } from './batch-pairs.ts';
import { BatchPool } from './batch-pool.ts';
import {
  correlationFactor,
  intervalAround,
  MIN_BATCHES,
  mapInterval,
  resample,
  smallSampleFactor,
  type Weights,
} from './bootstrap.ts';
import type {
  ComparedCounts,
  ComparedFigures,
  ComparedOperation,
  ComparedRun,
  Comparison,
  ComparisonVerdict,
  Interval,
  OperationComparison,
  OperationName,
  RunName,
  TotalsComparison,
  UsefulShareChange,
} from './comparison.ts';
import { compareUsefulShare } from './useful-share.ts';

/**
 * Compares every operation of a run with the same operation of a baseline run.
 * @throws when a batch's histogram is damaged
 */
export function compareRuns(baseline: ComparedRun, current: ComparedRun, rules: ComparisonRules): Comparison {
  const isOld = baseline.operations.some(({ kind }) => kind === undefined);
  const nameOf = (each: ComparedOperation) =>
    operationId(isOld ? operationName(each) : { ...each, kind: each.kind ?? 'step' });
  const before = new Map(baseline.operations.map((each) => [nameOf(each), each]));
  const after = Map.groupBy(current.operations, nameOf);
  const ambiguous = [...after.values()].filter((rows) => rows.length > 1);
  const pairs = [...after].flatMap(([name, rows]): OperationPair[] => {
    const former = before.get(name);
    return former === undefined || rows.length > 1 ? [] : [[former, rows[0] as ComparedOperation]];
  });
  const steps = pairs.filter(([, { kind }]) => kind !== 'protocol');
  return {
    baseline: runName(baseline),
    current: runName(current),
    rules,
    totals: compareTotals(steps.length > 0 ? steps : pairs, rules),
    operations: pairs.map(([former, each]) => compareOperation(former, each, rules)),
    onlyInBaseline: baseline.operations.filter((each) => !after.has(nameOf(each))).map(operationName),
    onlyInCurrent: current.operations.filter((each) => !before.has(nameOf(each))).map(operationName),
    notes: [
      ...notesOf(baseline, current),
      ...(isOld ? [oldBaselineNote(ambiguous.map((rows) => rows[0] as ComparedOperation))] : []),
    ],
  };
}

/** What cannot be compared with a report whose rows do not say of which kind an operation is. */
function oldBaselineNote(ambiguous: readonly ComparedOperation[]): string {
  const made =
    "The baseline's report was made by an earlier version: its latencies leave out requests without an answer, and its rows do not tell the plan's steps from the requests of the protocol.";
  if (ambiguous.length === 0) return made;
  const names = ambiguous.map(({ operation, target }) => `${operation} of ${target}`).join(', ');
  return `${made} Both kinds are in this run, so they are not compared: ${names}.`;
}

/** Durations that differ by less count as equal: last answers and closing sessions take some time. */
const DURATION_SLACK = 0.05;

function notesOf(baseline: ComparedRun, current: ComparedRun): string[] {
  const notes: string[] = [];
  if (baseline.plan.hash !== current.plan.hash) {
    notes.push(
      `The runs had different plans (${baseline.plan.name} ${baseline.plan.hash}, ${current.plan.name} ${current.plan.hash}), so a difference may come from the load.`,
    );
  }
  const [before, after] = [baseline.durationSeconds, current.durationSeconds];
  if (Math.abs(before - after) > DURATION_SLACK * Math.max(before, after)) {
    notes.push(
      `The runs had different lengths: ${before.toFixed(1)} s for the baseline, ${after.toFixed(1)} s for this run.`,
    );
  }
  for (const [name, { verdict }] of [['baseline', baseline] as const, ['current', current] as const]) {
    if (verdict.status === 'invalid') {
      notes.push(`The ${name} run's verdict is invalid, so this comparison proves nothing.`);
    }
    if (verdict.status === 'stopped') notes.push(`The ${name} run was stopped before its end.`);
  }
  return notes;
}

function runName({
  runId,
  plan: { name, hash },
  startedAt,
  durationSeconds,
  verdict: { status },
}: ComparedRun): RunName {
  return { runId, plan: { name, hash }, startedAt, durationSeconds, verdict: { status } };
}

function operationName({ target, operation }: OperationName): OperationName {
  return { target, operation };
}

const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
/** With fewer requests beyond it, a percentile depends on a few outliers. */
const MIN_BEYOND = 5;
/** With a smaller share of useful requests, latency shows only a rest that is not typical of the operation. */
const MIN_USEFUL_RATE = 0.1;

/** Compares one operation of two runs. @throws when a batch's histogram is damaged */
export function compareOperation(
  baseline: ComparedOperation,
  current: ComparedOperation,
  rules: ComparisonRules,
): OperationComparison {
  const { target, operation } = current;
  const share = compareUsefulShare([[baseline, current]], rules);
  const figures = { baseline: figuresOf(baseline, rules), current: figuresOf(current, rules) };
  return { target, operation, ...figures, ...share, ...compareLatency(baseline, current, share, rules) };
}

/** Compares the share of useful requests of several operations together; null when there are none. */
function compareTotals(pairs: readonly OperationPair[], rules: ComparisonRules): TotalsComparison | null {
  if (pairs.length === 0) return null;
  const baseline = pairs.map(([first]) => first);
  const current = pairs.map(([, second]) => second);
  return { baseline: countsOf(baseline), current: countsOf(current), ...compareUsefulShare(pairs, rules) };
}

function countsOf(operations: readonly ComparedOperation[]): ComparedCounts {
  const sum = (of: 'count' | 'useful' | 'failures') => operations.reduce((total, each) => total + each[of], 0);
  const [useful, failures] = [sum('useful'), sum('failures')];
  const answered = useful + failures;
  return { requests: sum('count'), useful, failures, usefulRate: answered === 0 ? 0 : useful / answered };
}

function figuresOf(operation: ComparedOperation, { metric }: ComparisonRules): ComparedFigures {
  return { ...countsOf([operation]), latencyMs: operation.latencyMs?.[metric] ?? null };
}

/** @throws when a batch's histogram is damaged */
function compareLatency(
  baseline: ComparedOperation,
  current: ComparedOperation,
  share: UsefulShareChange,
  rules: ComparisonRules,
): Pick<OperationComparison, 'verdict' | 'reason' | 'change' | 'changeMs'> {
  const [before, after] = [baseline.latencyMs?.[rules.metric] ?? 0, current.latencyMs?.[rules.metric] ?? 0];
  const clusters = Math.min(latencyClusters(baseline), latencyClusters(current));
  const scarce = scarcity(baseline, current, clusters, rules);
  if (clusters < MIN_BATCHES || before === 0 || after === 0) {
    return { verdict: 'too-little-data', reason: scarce, change: null, changeMs: null };
  }
  const logChange = latencyChange(baseline, current, Math.log(after) - Math.log(before), rules);
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
  const isBound = ({ latencyMs }: ComparedOperation) => latencyMs?.atLeast?.includes(metric) === true;
  const proven = (!isBound(baseline) || verdict === 'faster') && (!isBound(current) || verdict === 'slower');
  return proven ? '' : `${metric} is only known as a lower bound, because too many requests had no answer`;
}

/** Whether fewer requests were useful, proven or not: the requests that failed may be those that would have taken long. */
function fellNoticeably({ usefulVerdict, usefulRateChange }: UsefulShareChange, rules: ComparisonRules): boolean {
  return usefulVerdict === 'fails-more' || (usefulRateChange?.estimate ?? 0) < -rules.usefulTolerance;
}

/** The number of batches with a latency. */
function latencyClusters({ batches }: ComparedOperation): number {
  return batches.filter(({ useful }) => useful > 0).length;
}

/** Why there is too little data; empty when there is enough. */
function scarcity(
  before: ComparedOperation,
  after: ComparedOperation,
  clusters: number,
  rules: ComparisonRules,
): string {
  const least = Math.max(rules.minRequests, Math.round(MIN_BEYOND / (1 - QUANTILES[rules.metric])));
  if (Math.min(before.useful, after.useful) < least) {
    return `${rules.metric} needs ${least} useful requests in each run`;
  }
  if (Math.min(countsOf([before]).usefulRate, countsOf([after]).usefulRate) < MIN_USEFUL_RATE) {
    return `at least ${MIN_USEFUL_RATE * 100} % of the requests of each run must be useful`;
  }
  if (clusters >= MIN_BATCHES) return '';
  return `at least ${MIN_BATCHES} batches of each run need useful requests`;
}

/** The logarithm of the ratio of the percentiles and its interval; swapping the runs changes only its sign. */
function latencyChange(
  baseline: ComparedOperation,
  current: ComparedOperation,
  logEstimate: number,
  { metric, confidence }: ComparisonRules,
): Interval {
  const { paired, sizes, operations } = pairBatches([[baseline, current]]);
  const [batches] = operations as readonly [BatchPair];
  const [before, after] = [new BatchPool(batches.baseline), new BatchPool(batches.current)];
  const q = QUANTILES[metric];
  const logRatio = (first: Weights, second: Weights) =>
    Math.log(after.quantile(second, q)) - Math.log(before.quantile(first, q));
  const changes: number[] = [];
  resample(sizes, confidence, paired, (first, second) => {
    const change = logRatio(first, second);
    if (Number.isFinite(change)) changes.push(change);
  });
  const logSeen = logRatio(ones(before.size), ones(after.size));
  const widening =
    smallSampleFactor(Math.min(latencyClusters(baseline), latencyClusters(current)), confidence) *
    correlationFactor(before.quantileInfluence(q), after.quantileInfluence(q), paired);
  return intervalAround(Float64Array.from(changes).sort(), logSeen, logEstimate, confidence, widening);
}

function ones(size: number): Float64Array {
  return new Float64Array(size).fill(1);
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
