import type { Histogram } from 'hdr-histogram-js';
import type { Plan } from '../plan/plan-schema.ts';
import { type MeasuredStage, measuredStagesOf } from '../plan/timeline.ts';
import { type OperationKey, operationId } from '../sample/block.ts';
import type { FailureCounts } from '../summary/fold.ts';
import type { LiveProgress } from '../summary/live-progress.ts';
import { emptyHistogram, valueAtRank } from '../summary/percentiles.ts';
import { conditionsOf, holds, type ParsedCondition } from './condition.ts';
import { boundOf, measure, type Observations, type Spread } from './measure.ts';
import type { Abort } from './verdict.ts';

/**
 * Evaluates the conditions with `abortOnFail` of a plan on running totals. Conditions over the run cover everything since
 * the warm-up. Those over a sliding window cover the last window, those over stages the time since the stage began.
 */
export class LiveThresholds {
  readonly #runStartMs: number;
  readonly #conditions: readonly ParsedCondition[];
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

  /** False when no condition of the plan can abort the run. */
  get isNeeded(): boolean {
    return this.#conditions.length > 0;
  }

  /** True when a condition is about durations. */
  get needsDurations(): boolean {
    return this.#conditions.some(({ threshold: { metric } }) => metric.endsWith('_duration'));
  }

  /** Length of the longest sliding window in milliseconds; 0 without one. */
  get reachMs(): number {
    return Math.max(0, ...this.#histories.keys());
  }

  /**
   * Evaluates all conditions on the totals at one moment, which must be later than the one before.
   * @returns the first condition that does not hold
   */
  evaluate(now: RunningTotals): Abort | undefined {
    if (now.atMs <= this.#beginning.atMs) return undefined;
    const stage = this.#stageAt(now);
    const aborts = this.#conditions.map((condition) => this.#evaluateOne(condition, now, stage));
    for (const history of this.#histories.values()) history.add(now);
    return aborts.find((abort) => abort !== undefined);
  }

  #evaluateOne(condition: ParsedCondition, now: RunningTotals, stage: MeasuredStage | undefined): Abort | undefined {
    const { over, threshold, metric, expression, delayAbortEval } = condition;
    const stageMs = over === 'stage' ? stage?.fromMs : 0;
    if (stageMs === undefined || now.atMs < this.#runStartMs + stageMs + delayAbortEval) return undefined;
    const since = this.#since(over, now);
    const seen = since === undefined || since === now ? undefined : observedBetween(since, now);
    const measured = seen === undefined ? null : measure(threshold, seen);
    if (measured === null || holds(measured.decisive, threshold)) return undefined;
    const atSeconds = (now.atMs - this.#runStartMs) / 1000;
    return { metric, expression, over, observed: measured.observed, ...boundOf(measured), atSeconds };
  }

  /** The totals from which a condition counts; undefined when they are not known. */
  #since(over: ParsedCondition['over'], now: RunningTotals): RunningTotals | undefined {
    if (over === 'run') return this.#beginning;
    return over === 'stage' ? this.#stage?.began : this.#histories.get(over)?.before(now.atMs);
  }

  /** The current stage. It begins with the first totals within it, so that it includes nothing of the stage before. */
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

/** How much older than a sliding window its oldest totals may be: lanes report every two seconds, and one may be late. */
const SLACK_SHARE = 0.25;
const SLACK_MS = 5000;
/** At most so many totals are kept for one sliding window, however long it is. */
const MAX_KEPT = 20;

/** Keeps the totals from which the last sliding window can be worked out. */
class TotalsHistory {
  readonly #lengthMs: number;
  readonly #kept: RunningTotals[] = [];

  /** @param lengthMs length of the sliding window */
  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** Adds totals; they come in order of time. */
  add(totals: RunningTotals): void {
    const last = this.#kept.at(-1);
    if (last !== undefined && totals.atMs - last.atMs < this.#lengthMs / MAX_KEPT) return;
    this.#kept.push(totals);
  }

  /** The latest totals that are at least a sliding window old; undefined when there are none of about that age. */
  before(atMs: number): RunningTotals | undefined {
    const limitMs = atMs - this.#lengthMs;
    while ((this.#kept[1]?.atMs ?? Number.POSITIVE_INFINITY) <= limitMs) this.#kept.shift();
    const [first] = this.#kept;
    if (first === undefined || first.atMs > limitMs) return undefined;
    return limitMs - first.atMs <= this.#lengthMs * SLACK_SHARE + SLACK_MS ? first : undefined;
  }
}

/** The running totals of a whole run at one moment. */
type RunningTotals = {
  /** Epoch milliseconds up to which the totals reach, on average over the lanes. */
  readonly atMs: number;
  readonly operations: ReadonlyMap<string, Running>;
  readonly scenarios: ReadonlyMap<string, Running>;
};

/** Running totals of one operation over all slices, or of one scenario, whose name then stands as the operation. */
type Running = {
  readonly key: OperationKey;
  readonly counts: Counts;
  /** Latencies of useful requests, or durations of iterations. */
  readonly histogram: Histogram;
  /** How long failures by silence had waited, and the requests that a stop ended; empty for a scenario. */
  readonly silent: Histogram;
  readonly waits: Histogram;
  /** How long calls had waited whose session failed by silence; empty for a scenario. */
  readonly blocked: Histogram;
};

type Counts = Readonly<Record<string, number | undefined>>;

/**
 * Adds up the latest progress of all attempts at all slices. What a replaced attempt had sent still counts, so the totals
 * only grow.
 * @param atMs see RunningTotals
 * @param readHistogram undefined leaves out the durations, which take most of the time
 */
export function runningTotalsOf(
  progress: readonly LiveProgress[],
  atMs: number,
  readHistogram: ((text: string) => Histogram) | undefined,
): RunningTotals {
  const operations = new Map<string, Running>();
  const scenarios = new Map<string, Running>();
  for (const row of progress) {
    for (const { count, failures, outcomes, histogram, silent, censored, blocked, ...key } of row.operations) {
      const counts = { ...outcomes, count, failures, censored: censored?.count ?? 0, blocked: blocked?.count ?? 0 };
      const [silence, waits] = [silent?.histogram, censored?.histogram];
      addTo(operations, key, counts, { histogram, silent: silence, waits, blocked: blocked?.histogram });
    }
    for (const { scenario, iterations, aborted, dropped, histogram } of row.scenarios) {
      const counts = { iterations, aborted, dropped };
      addTo(scenarios, { target: '', operation: scenario }, counts, { histogram });
    }
  }
  return { atMs, operations, scenarios };

  function addTo(
    all: Map<string, Running>,
    key: OperationKey,
    counts: Counts,
    texts: Readonly<Partial<Record<(typeof HISTOGRAMS)[number], string | undefined>>>,
  ): void {
    const id = operationId(key);
    const known = all.get(id) ?? { key, counts: {}, ...mapHistograms(emptyHistogram) };
    for (const name of HISTOGRAMS) {
      const text = texts[name];
      if (text !== undefined && readHistogram !== undefined) known[name].add(readHistogram(text));
    }
    all.set(id, { ...known, counts: combined(known.counts, counts, (one, other) => one + other) });
  }
}

const HISTOGRAMS = ['histogram', 'silent', 'waits', 'blocked'] as const;

function mapHistograms(of: (name: (typeof HISTOGRAMS)[number]) => Histogram) {
  return { histogram: of('histogram'), silent: of('silent'), waits: of('waits'), blocked: of('blocked') };
}

/** The totals at a moment before anything was measured. */
function emptyTotals(atMs: number): RunningTotals {
  return { atMs, operations: new Map(), scenarios: new Map() };
}

/** What was measured from one moment to a later one. */
function observedBetween(older: RunningTotals, newer: RunningTotals): Observations<Histogram> {
  return {
    seconds: (newer.atMs - older.atMs) / 1000,
    operations: differences(older.operations, newer.operations).map(
      ({ key, counts, histogram, blocked: silence, ...waited }) => {
        const { count = 0, failures: failed = 0, censored = 0, blocked: unsent = 0, ...outcomes } = counts;
        const failures = outcomes as FailureCounts;
        const useful = count - failed - censored;
        const blocked = { count: unsent, silent: silence };
        return { ...key, useful, failed, censored, blocked, failures, latencies: histogram, ...waited };
      },
    ),
    scenarios: differences(older.scenarios, newer.scenarios).map(({ key, counts, histogram }) => {
      const { iterations = 0, aborted = 0, dropped = 0 } = counts;
      return { scenario: key.operation, iterations, aborted, dropped, durations: histogram };
    }),
    // Conditions on checks cannot end a run.
    checks: [],
    spreadOf: spreadOfHistograms,
  };
}

function differences(older: ReadonlyMap<string, Running>, newer: ReadonlyMap<string, Running>): Running[] {
  return [...newer].map(([id, running]) => {
    const before = older.get(id);
    if (before === undefined) return running;
    const histograms = mapHistograms((name) => {
      const difference = emptyHistogram();
      difference.add(running[name]);
      difference.subtract(before[name]);
      return difference;
    });
    return {
      key: running.key,
      counts: combined(running.counts, before.counts, (one, other) => one - other),
      ...histograms,
    };
  });
}

function combined(one: Counts, other: Counts, combine: (one: number, other: number) => number): Counts {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map((name) => [name, combine(one[name] ?? 0, other[name] ?? 0)]));
}

function spreadOfHistograms(histograms: readonly Histogram[]): Spread {
  const all = emptyHistogram();
  for (const histogram of histograms) all.add(histogram);
  return {
    count: all.totalCount,
    atRank: (rank) => valueAtRank(all, rank),
    mean: () => all.mean,
  };
}
