import type { Histogram } from 'hdr-histogram-js';
import type { Plan } from '../plan/plan-schema.ts';
import { type MeasuredStage, measuredStagesOf } from '../plan/timeline.ts';
import type { Outcome } from '../sample/outcome.ts';
import { emptyHistogram } from '../summary/batches.ts';
import type { LiveProgress } from '../summary/live-progress.ts';
import { conditionsOf, holds, type ReadCondition } from './condition.ts';
import { measure, type Observations, type Spread } from './measure.ts';
import type { Abort } from './verdict.ts';

/** How much older than asked a snapshot may be: lanes tell every two seconds, and one may be late. */
const SLACK = 0.25;
const SLACK_MS = 5000;
/** So many snapshots are kept at most for one distance, however long it is. */
const KEPT = 20;

/** The snapshots from which what happened over the last so many milliseconds can be worked out. */
export class TotalsHistory {
  readonly #distanceMs: number;
  readonly #snapshots: RunningTotals[] = [];

  constructor(distanceMs: number) {
    this.#distanceMs = distanceMs;
  }

  /** Keeps a snapshot; they come in order of time. */
  add(snapshot: RunningTotals): void {
    const last = this.#snapshots.at(-1);
    if (last !== undefined && snapshot.atMs - last.atMs < this.#distanceMs / KEPT) return;
    this.#snapshots.push(snapshot);
  }

  /** The latest snapshot that lies at least the distance back; undefined when there is none near that. */
  before(atMs: number): RunningTotals | undefined {
    const limitMs = atMs - this.#distanceMs;
    while ((this.#snapshots[1]?.atMs ?? Number.POSITIVE_INFINITY) <= limitMs) this.#snapshots.shift();
    const [first] = this.#snapshots;
    if (first === undefined || first.atMs > limitMs) return undefined;
    return limitMs - first.atMs <= this.#distanceMs * SLACK + SLACK_MS ? first : undefined;
  }
}

type Totals = Readonly<Record<string, number | undefined>>;

/** Running totals of one operation or one scenario over all slices. */
type Running = { readonly names: readonly [string, string]; readonly totals: Totals; readonly histogram: Histogram };

/** The running totals of a whole run at one moment. */
export type RunningTotals = {
  /** Epoch milliseconds up to which the totals reach, on the average of the lanes. */
  readonly atMs: number;
  /** Which attempt spoke for each slice: totals of another one cannot be told from those before. */
  readonly attempts: ReadonlyMap<string, string>;
  readonly operations: ReadonlyMap<string, Running>;
  readonly scenarios: ReadonlyMap<string, Running>;
};

/** The totals at a moment when nothing has been measured yet. */
export function emptyTotals(atMs: number): RunningTotals {
  return { atMs, attempts: new Map(), operations: new Map(), scenarios: new Map() };
}

/**
 * Adds up what slices last told.
 * @param atMs see Snapshot
 * @param readHistogram undefined leaves the durations out, which take the most time by far
 */
export function runningTotalsOf(
  progress: readonly LiveProgress[],
  atMs: number,
  readHistogram: ((text: string) => Histogram) | undefined,
): RunningTotals {
  const operations = new Map<string, Running>();
  const scenarios = new Map<string, Running>();
  for (const row of progress) {
    for (const { target, operation, count, failures, outcomes, histogram } of row.operations) {
      const totals = { ...outcomes, count, failures };
      addUp(operations, [target, operation], totals, readHistogram?.(histogram));
    }
    for (const { scenario, iterations, aborted, dropped, histogram } of row.scenarios) {
      addUp(scenarios, ['', scenario], { iterations, aborted, dropped }, readHistogram?.(histogram));
    }
  }
  const attempts = new Map(progress.map(({ sliceId, attemptId }) => [sliceId, attemptId]));
  return { atMs, attempts, operations, scenarios };
}

/** What was measured from one moment to a later one; undefined when an attempt at a slice was lost in between. */
export function observedBetween(older: RunningTotals, newer: RunningTotals): Observations<Histogram> | undefined {
  for (const [slice, attempt] of older.attempts) if (newer.attempts.get(slice) !== attempt) return undefined;
  return {
    seconds: (newer.atMs - older.atMs) / 1000,
    operations: differences(older.operations, newer.operations, ({ names: [target, operation], totals, histogram }) => {
      const { count = 0, failures: failed = 0, ...failures } = totals;
      return { target, operation, useful: count - failed, failed, failures: codes(failures), latencies: histogram };
    }),
    scenarios: differences(older.scenarios, newer.scenarios, ({ names: [, scenario], totals, histogram }) => {
      const { iterations = 0, aborted = 0, dropped = 0 } = totals;
      return { scenario, iterations, aborted, dropped, durations: histogram };
    }),
    spreadOf: spreadOfHistograms,
  };
}

function addUp(
  all: Map<string, Running>,
  names: readonly [string, string],
  totals: Totals,
  histogram: Histogram | undefined,
): void {
  const key = names.join('\n');
  const known = all.get(key) ?? { names, totals: {}, histogram: emptyHistogram() };
  if (histogram !== undefined) known.histogram.add(histogram);
  all.set(key, { ...known, totals: combined(known.totals, totals, (one, other) => one + other) });
}

function differences<Shown>(
  older: ReadonlyMap<string, Running>,
  newer: ReadonlyMap<string, Running>,
  show: (running: Running) => Shown,
): Shown[] {
  return [...newer].map(([key, running]) => {
    const before = older.get(key);
    if (before === undefined) return show(running);
    const histogram = emptyHistogram();
    histogram.add(running.histogram);
    histogram.subtract(before.histogram);
    return show({
      ...running,
      totals: combined(running.totals, before.totals, (one, other) => one - other),
      histogram,
    });
  });
}

function combined(one: Totals, other: Totals, how: (one: number, other: number) => number): Totals {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map((name) => [name, how(one[name] ?? 0, other[name] ?? 0)]));
}

/** What is left of an operation's totals are its failures by code. */
function codes(totals: Totals): { readonly [Code in Outcome]?: number } {
  return totals as { readonly [Code in Outcome]?: number };
}

function spreadOfHistograms(histograms: readonly Histogram[]): Spread {
  const all = emptyHistogram();
  for (const histogram of histograms) all.add(histogram);
  return {
    count: all.totalCount,
    quantile: (q) => (q === 0 ? all.minNonZeroValue : all.getValueAtPercentile(q * 100)),
    mean: () => all.mean,
  };
}

/**
 * Holds the conditions of a plan that end the run against running totals. Those over the run see all since the warm-up,
 * those over a length of time what came in that time, those over stages what came since the stage began.
 */
export class LiveThresholds {
  readonly #runStartMs: number;
  readonly #conditions: readonly ReadCondition[];
  readonly #stages: readonly MeasuredStage[];
  readonly #beginning: RunningTotals;
  readonly #histories = new Map<number, TotalsHistory>();
  #stage: { readonly index: number; readonly began: RunningTotals } | undefined;

  /** @param runStartMs planned start, epoch */
  constructor(plan: Plan, runStartMs: number) {
    this.#runStartMs = runStartMs;
    this.#conditions = conditionsOf(plan).filter(({ abortOnFail }) => abortOnFail);
    this.#stages = measuredStagesOf(plan)?.stages ?? [];
    this.#beginning = emptyTotals(runStartMs + plan.warmUp);
    for (const { over } of this.#conditions) {
      if (typeof over !== 'number' || this.#histories.has(over)) continue;
      const history = new TotalsHistory(over);
      history.add(this.#beginning);
      this.#histories.set(over, history);
    }
  }

  /** False when no condition of the plan could end the run. */
  get isNeeded(): boolean {
    return this.#conditions.length > 0;
  }

  /** True when a condition looks at durations. */
  get needsDurations(): boolean {
    return this.#conditions.some(({ threshold: { metric } }) => metric.endsWith('_duration'));
  }

  /** How far back it looks, milliseconds, apart from the whole run. */
  get reachMs(): number {
    return Math.max(0, ...this.#histories.keys());
  }

  /**
   * Takes the totals of a moment, which is later than the one before.
   * @returns the first condition that does not hold, if one does not
   */
  see(now: RunningTotals): Abort | undefined {
    if (now.atMs <= this.#beginning.atMs) return undefined;
    const stage = this.#stageAt(now);
    const aborts = this.#conditions.map((condition) => this.#lookAt(condition, now, stage));
    for (const history of this.#histories.values()) history.add(now);
    return aborts.find((abort) => abort !== undefined);
  }

  #lookAt(condition: ReadCondition, now: RunningTotals, stage: MeasuredStage | undefined): Abort | undefined {
    const { over, threshold, metric, expression, delayAbortEval } = condition;
    const stageMs = over === 'stage' ? stage?.fromMs : 0;
    if (stageMs === undefined || now.atMs < this.#runStartMs + stageMs + delayAbortEval) return undefined;
    const since = this.#since(over, now);
    const seen = since === undefined || since === now ? undefined : observedBetween(since, now);
    const observed = seen === undefined ? null : measure(threshold, seen);
    if (observed === null || holds(observed, threshold)) return undefined;
    return { metric, expression, over, observed, atSeconds: (now.atMs - this.#runStartMs) / 1000 };
  }

  #since(over: ReadCondition['over'], now: RunningTotals): RunningTotals | undefined {
    if (over === 'run') return this.#beginning;
    return over === 'stage' ? this.#stage?.began : this.#histories.get(over)?.before(now.atMs);
  }

  /** The stage under way; the first snapshot within it is where it began, so that nothing of the one before is in it. */
  #stageAt(now: RunningTotals): MeasuredStage | undefined {
    const atMs = now.atMs - this.#runStartMs;
    const stage = this.#stages.find(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
    if (stage !== undefined && stage.index !== this.#stage?.index) {
      const isFirst = this.#runStartMs + stage.fromMs <= this.#beginning.atMs;
      this.#stage = { index: stage.index, began: isFirst ? this.#beginning : now };
    }
    return stage;
  }
}
