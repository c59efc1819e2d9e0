import type { Histogram } from 'hdr-histogram-js';
import type { Outcome } from '../sample/outcome.ts';
import { emptyHistogram } from '../summary/histogram.ts';
import type { LiveProgress } from '../summary/live-progress.ts';
import type { Observations, Spread } from './observations.ts';

type Totals = Readonly<Record<string, number | undefined>>;

/** Running totals of one operation or one scenario over all slices. */
type Running = { readonly names: readonly [string, string]; readonly totals: Totals; readonly histogram: Histogram };

/** The running totals of a whole run at one moment. */
export type Snapshot = {
  /** Epoch milliseconds up to which the totals reach, on the average of the lanes. */
  readonly atMs: number;
  /** Which attempt spoke for each slice: totals of another one cannot be told from those before. */
  readonly attempts: ReadonlyMap<string, string>;
  readonly operations: ReadonlyMap<string, Running>;
  readonly scenarios: ReadonlyMap<string, Running>;
};

/** The totals at a moment when nothing has been measured yet. */
export function emptySnapshot(atMs: number): Snapshot {
  return { atMs, attempts: new Map(), operations: new Map(), scenarios: new Map() };
}

/**
 * Adds up what slices last told.
 * @param atMs see Snapshot
 * @param readHistogram undefined leaves the durations out, which take the most time by far
 */
export function snapshotOf(
  progress: readonly LiveProgress[],
  atMs: number,
  readHistogram: ((text: string) => Histogram) | undefined,
): Snapshot {
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
export function observedBetween(older: Snapshot, newer: Snapshot): Observations<Histogram> | undefined {
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
