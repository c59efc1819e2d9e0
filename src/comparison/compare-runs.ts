import type { ComparisonRules } from '../plan/plan-schema.ts';
import { operationId } from '../sample/block.ts';
import type { LatencyBatch } from '../summary/batches.ts';
import {
  autocorrelationFactor,
  BatchPool,
  intervalAround,
  mapInterval,
  type ResampledChanges,
  resampleChanges,
  smallSampleFactor,
} from './bootstrap.ts';
import type {
  ComparedFigures,
  ComparedOperation,
  ComparedRun,
  Comparison,
  ComparisonVerdict,
  Interval,
  OperationComparison,
  OperationName,
  RunName,
} from './comparison.ts';

/**
 * Compares every operation of a run with the same operation of a baseline run.
 * @throws when a batch's histogram is damaged
 */
export function compareRuns(baseline: ComparedRun, current: ComparedRun, rules: ComparisonRules): Comparison {
  const before = new Map(baseline.operations.map((each) => [operationId(each), each]));
  const after = new Map(current.operations.map((each) => [operationId(each), each]));
  return {
    baseline: runName(baseline),
    current: runName(current),
    rules,
    operations: current.operations.flatMap((each) => {
      const former = before.get(operationId(each));
      return former === undefined ? [] : [compareOperation(former, each, rules)];
    }),
    onlyInBaseline: baseline.operations.filter((each) => !after.has(operationId(each))).map(operationName),
    onlyInCurrent: current.operations.filter((each) => !before.has(operationId(each))).map(operationName),
    notes: notesOf(baseline, current),
  };
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
/** With fewer clusters a bootstrap cannot estimate its own error. */
const MIN_BATCHES = 5;
/** With fewer requests beyond it, a percentile depends on a few outliers. */
const MIN_BEYOND = 5;
const MIN_RESAMPLES = 2000;
/** Resamples that must lie outside the interval, on both sides together. */
const RESAMPLES_BEYOND = 20;

/** Compares one operation of two runs. @throws when a batch's histogram is damaged */
export function compareOperation(
  baseline: ComparedOperation,
  current: ComparedOperation,
  rules: ComparisonRules,
): OperationComparison {
  const { target, operation } = current;
  const known = {
    target,
    operation,
    baseline: figuresOf(baseline, rules),
    current: figuresOf(current, rules),
  };
  const { latencyMs: before } = known.baseline;
  const { latencyMs: after } = known.current;
  const clusters = Math.min(clustersOf(baseline), clustersOf(current));
  const scarce = scarcity(known.baseline, known.current, clusters, rules);
  if (clusters < MIN_BATCHES || before === null || after === null || before === 0 || after === 0) {
    return {
      ...known,
      verdict: 'too-little-data',
      reason: scarce,
      change: null,
      changeMs: null,
      usefulRateChange: null,
    };
  }
  const { logChange, usefulRateChange } = changesOf(baseline, current, Math.log(after) - Math.log(before), rules);
  const verdict = scarce === '' ? judgeChange(logChange, rules.tolerance) : 'too-little-data';
  const change = mapInterval(logChange, Math.expm1);
  return {
    ...known,
    verdict,
    reason: verdict === 'too-little-data' && scarce === '' ? 'the confidence interval is too wide' : scarce,
    change,
    changeMs: mapInterval(change, (share) => share * before),
    usefulRateChange,
  };
}

function figuresOf({ count, useful, latencyMs }: ComparedOperation, { metric }: ComparisonRules): ComparedFigures {
  return {
    requests: count,
    useful,
    usefulRate: count === 0 ? 0 : useful / count,
    latencyMs: latencyMs?.[metric] ?? null,
  };
}

/** The number of batches with a latency. */
function clustersOf({ batches }: ComparedOperation): number {
  return batches.filter(({ useful }) => useful > 0).length;
}

/** Why there is too little data; empty when there is enough. */
function scarcity(before: ComparedFigures, after: ComparedFigures, clusters: number, rules: ComparisonRules): string {
  const least = Math.max(rules.minRequests, Math.round(MIN_BEYOND / (1 - QUANTILES[rules.metric])));
  if (Math.min(before.useful, after.useful) < least) {
    return `${rules.metric} needs ${least} useful requests in each run`;
  }
  if (clusters >= MIN_BATCHES) return '';
  return `at least ${MIN_BATCHES} batches of each run need useful requests`;
}

function changesOf(
  baseline: ComparedOperation,
  current: ComparedOperation,
  logEstimate: number,
  { metric, confidence }: ComparisonRules,
): { readonly logChange: Interval; readonly usefulRateChange: Interval } {
  const pairs = pairsOf(baseline.batches, current.batches);
  const [before, after] = [
    new BatchPool(pairs?.map(([first]) => first) ?? baseline.batches),
    new BatchPool(pairs?.map(([, second]) => second) ?? current.batches),
  ];
  const q = QUANTILES[metric];
  const resamples = Math.max(MIN_RESAMPLES, Math.ceil(RESAMPLES_BEYOND / (1 - confidence)));
  const { logLatency, usefulRate }: ResampledChanges = resampleChanges(
    before,
    after,
    q,
    resamples,
    pairs !== undefined,
  );
  const all = { before: ones(before.size), after: ones(after.size) };
  const logSeen = Math.log(after.quantile(all.after, q)) - Math.log(before.quantile(all.before, q));
  const rateSeen = after.usefulRate(all.after) - before.usefulRate(all.before);
  const widening =
    smallSampleFactor(Math.min(clustersOf(baseline), clustersOf(current)), confidence) *
    correlationFactorOf(before.quantileInfluence(q), after.quantileInfluence(q), pairs !== undefined);
  const inRange = (rate: number) => Math.max(-1, Math.min(1, rate));
  return {
    logChange: intervalAround(logLatency, logSeen, logEstimate, confidence, widening),
    usefulRateChange: mapInterval(intervalAround(usefulRate, rateSeen, rateSeen, confidence, widening), inRange),
  };
}

type Pair = readonly [first: LatencyBatch | undefined, second: LatencyBatch | undefined];

/** Batches of the same time together; undefined when the two runs have different batches. */
function pairsOf(first: readonly LatencyBatch[], second: readonly LatencyBatch[]): readonly Pair[] | undefined {
  const [firstAt, secondAt] = [byTime(first), byTime(second)];
  const all = new Set([...firstAt.keys(), ...secondAt.keys()]);
  if (all.size > Math.max(firstAt.size, secondAt.size)) return undefined;
  return [...all].map((time) => [firstAt.get(time), secondAt.get(time)]);
}

function byTime(batches: readonly LatencyBatch[]): Map<string, LatencyBatch> {
  return new Map(batches.map((batch) => [`${batch.fromSeconds} ${batch.toSeconds}`, batch]));
}

/** For pairs, only what the two runs do not share counts. */
function correlationFactorOf(before: readonly number[], after: readonly number[], paired: boolean): number {
  if (!paired) return Math.max(autocorrelationFactor(before), autocorrelationFactor(after));
  return autocorrelationFactor(after.map((value, at) => value - (before[at] as number)));
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
