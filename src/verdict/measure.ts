import type { Aggregate, Threshold } from '../plan/threshold.ts';
import type { Outcome } from '../sample/outcome.ts';
import type { CellPlace, FailureCounts, Fold } from '../summary/fold.ts';
import { nearestRank } from '../summary/percentiles.ts';

/**
 * What a run showed, or some of its intervals or phases. The same conditions are evaluated on exact values at the end of a
 * run, and on histograms while it is active.
 */
export type Observations<Values> = {
  /** How long these intervals or phases lasted. */
  readonly seconds: number;
  readonly operations: readonly {
    readonly target: string;
    readonly operation: string;
    readonly useful: number;
    readonly failed: number;
    readonly failures: FailureCounts;
    /** Latencies of useful requests. */
    readonly latencies: Values;
  }[];
  readonly scenarios: readonly {
    readonly scenario: string;
    readonly iterations: number;
    /** Iterations that the generator ended, or that had no feed row. */
    readonly aborted: number;
    readonly dropped: number;
    readonly durations: Values;
  }[];
  readonly spreadOf: (values: readonly Values[]) => Spread;
};

/** Quantiles and mean of some durations; microseconds. */
export type Spread = {
  readonly count: number;
  /** The nearest-rank quantile. @param q between 0 and 1 */
  quantile(q: number): number;
  mean(): number;
};

/**
 * The value that a threshold is about, or null when no sample has its tags. Durations are milliseconds. Rates of
 * `mcp_requests` and `iterations` are per second; other rates are shares between 0 and 1.
 */
export function measure<Values>(threshold: Threshold, seen: Observations<Values>): number | null {
  const { metric, tags, aggregate } = threshold;
  const operations = seen.operations.filter(({ target, operation }) => {
    return (tags.target ?? target) === target && (tags.operation ?? operation) === operation;
  });
  const scenarios = seen.scenarios.filter(({ scenario }) => (tags.scenario ?? scenario) === scenario);
  const failed = sum(operations, (each) => each.failed);
  const requests = failed + sum(operations, (each) => each.useful);
  const iterations = sum(scenarios, (each) => each.iterations);
  switch (metric) {
    case 'mcp_request_duration':
      return aggregated(seen.spreadOf(operations.map(({ latencies }) => latencies)), aggregate);
    case 'mcp_requests':
      return counted(requests, aggregate, seen.seconds);
    case 'mcp_failures': {
      if (requests === 0) return null;
      const { outcome } = tags;
      const failures =
        outcome === undefined ? failed : sum(operations, (each) => each.failures[outcome as Outcome] ?? 0);
      return aggregate.kind === 'rate' ? failures / requests : failures;
    }
    case 'useful_rate':
      return requests === 0 ? null : (requests - failed) / requests;
    case 'iteration_duration':
      return aggregated(seen.spreadOf(scenarios.map(({ durations }) => durations)), aggregate);
    case 'iterations':
      return counted(iterations, aggregate, seen.seconds);
    case 'dropped_iterations': {
      const dropped = sum(scenarios, (each) => each.dropped);
      const due = dropped + iterations + sum(scenarios, (each) => each.aborted);
      if (due === 0) return null;
      return aggregate.kind === 'rate' ? dropped / due : dropped;
    }
  }
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function counted(count: number, aggregate: Aggregate, seconds: number): number | null {
  if (count === 0) return null;
  return aggregate.kind === 'rate' ? count / seconds : count;
}

/** In milliseconds. */
function aggregated(spread: Spread, aggregate: Aggregate): number | null {
  if (spread.count === 0) return null;
  switch (aggregate.kind) {
    case 'p':
      return spread.quantile(aggregate.percent / 100) / 1000;
    case 'med':
      return spread.quantile(0.5) / 1000;
    case 'min':
      return spread.quantile(0) / 1000;
    case 'max':
      return spread.quantile(1) / 1000;
    case 'avg':
      return spread.mean() / 1000;
    default:
      throw new Error(`A duration has no aggregate "${aggregate.kind}"; parsing should have refused it.`);
  }
}

/** What the chosen cells of a fold showed, exactly. @param seconds how long the chosen intervals or phases lasted */
export function observeCells(
  fold: Fold,
  seconds: number,
  isChosen: (place: CellPlace) => boolean,
): Observations<Uint32Array> {
  return {
    seconds,
    operations: fold.cells.filter(isChosen).map(({ target, operation, useful, failed, failures }) => {
      return { target, operation, useful: useful.length, failed: failed.length, failures, latencies: useful };
    }),
    scenarios: fold.iterations.filter(isChosen).map(({ scenario, durations, aborted, dropped, ...rest }) => {
      const iterations = durations.length;
      return { scenario, iterations, aborted: aborted + rest.iterationsWithoutFeedRow, dropped, durations };
    }),
    spreadOf: exactSpread,
  };
}

/**
 * The spread of all values of several ascending arrays. It is exact but does not sort them together, because the same
 * values are part of many sliding windows.
 */
export function exactSpread(arrays: readonly Uint32Array[]): Spread {
  const count = arrays.reduce((total, { length }) => total + length, 0);
  return {
    count,
    quantile(q) {
      const rank = nearestRank(count, q);
      let [low, high] = [0, 0xffff_ffff];
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const upTo = arrays.reduce((total, array) => total + countUpTo(array, middle), 0);
        if (upTo >= rank) high = middle;
        else low = middle + 1;
      }
      return low;
    },
    mean() {
      let total = 0;
      for (const array of arrays) for (const value of array) total += value;
      return total / count;
    },
  };
}

/** How many values of an ascending array are at most `limit`. */
function countUpTo(ascending: Uint32Array, limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
