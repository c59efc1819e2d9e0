import type { Aggregate, Threshold } from '../plan/threshold.ts';
import { type CheckCount, isOfKind, type OperationKey, type OperationKind } from '../sample/block.ts';
import type { DeviationCount } from '../sample/deviation.ts';
import type { Outcome } from '../sample/outcome.ts';
import type { CellPlace, FailureCounts, Fold } from '../summary/fold.ts';
import { nearestRank } from '../summary/percentiles.ts';
import { holds } from './condition.ts';
import type { ThresholdResult } from './verdict.ts';

/**
 * What a run showed, or some of its intervals or phases. The same conditions are evaluated on exact values at the end of a
 * run, and on histograms while it is active.
 */
export type Observations<Values> = {
  /** How long these intervals or phases lasted. */
  readonly seconds: number;
  readonly operations: readonly (OperationKey & {
    readonly useful: number;
    readonly failed: number;
    readonly censored: number;
    readonly failures: FailureCounts;
    /** Calls that were not sent, with how long those had waited whose session failed by silence. */
    readonly blocked?: { readonly count: number; readonly silent: Values };
    /** Latencies of useful requests. */
    readonly latencies: Values;
    /** How long failures by silence had waited. */
    readonly silent: Values;
    /** How long the censored requests had waited. */
    readonly waits: Values;
  })[];
  readonly scenarios: readonly {
    readonly scenario: string;
    readonly iterations: number;
    /** Iterations that the generator ended, or that had no feed row. */
    readonly aborted: number;
    readonly dropped: number;
    readonly durations: Values;
  }[];
  /** How the checks of the whole run came out; conditions on checks are about nothing less. */
  readonly checks: readonly CheckCount[];
  /** Of the whole run; absent while it is active. */
  readonly deviations?: readonly DeviationCount[];
  readonly spreadOf: (values: readonly Values[]) => Spread;
};

/** Some durations; microseconds. */
export type Spread = {
  readonly count: number;
  /** The value of a rank from 1 to `count`, ascending. */
  atRank(rank: number): number;
  mean(): number;
};

type Bound = Pick<ThresholdResult, 'atLeast' | 'withoutAnswer'>;

/** What a threshold is about, as far as it is known. */
export type Measured = Bound & {
  /** Exact, or a lower bound when `atLeast` is set. */
  readonly observed: number;
  /** The value that decides whether the condition holds; infinite when too many requests had no answer. */
  readonly decisive: number;
};

/**
 * The value that a threshold is about, or null when no sample has its tags. Durations are milliseconds. Rates of
 * `mcp_requests` and `iterations` are per second; other rates are shares between 0 and 1.
 */
export function measure<Values>(threshold: Threshold, seen: Observations<Values>): Measured | null {
  const { metric, tags, aggregate } = threshold;
  const kind = (tags.kind ?? 'step') as OperationKind | 'all';
  const operations = seen.operations.filter((each) => {
    const { target, operation } = each;
    return (tags.target ?? target) === target && (tags.operation ?? operation) === operation && isOfKind(each, kind);
  });
  const scenarios = seen.scenarios.filter(({ scenario }) => (tags.scenario ?? scenario) === scenario);
  // Together with the protocol's requests, the request at which the opening failed stands for the call.
  const blocked = kind === 'all' ? 0 : sum(operations, (each) => each.blocked?.count ?? 0);
  const failed = blocked + sum(operations, (each) => each.failed);
  const judged = failed + sum(operations, (each) => each.useful);
  const iterations = sum(scenarios, (each) => each.iterations);
  switch (metric) {
    case 'mcp_request_duration':
      return durationOf(threshold, operations, seen.spreadOf);
    case 'mcp_requests':
      return counted(judged - blocked + sum(operations, (each) => each.censored), aggregate, seen.seconds);
    case 'mcp_failures': {
      if (judged === 0) return null;
      const { outcome } = tags;
      const failures =
        outcome === undefined ? failed : sum(operations, (each) => each.failures[outcome as Outcome] ?? 0);
      return exactly(aggregate.kind === 'rate' ? failures / judged : failures);
    }
    case 'mcp_deviations': {
      const { target, operation, rule } = tags;
      const found = (seen.deviations ?? []).filter(
        (each) =>
          (target ?? each.target) === each.target &&
          (operation ?? each.operation) === each.operation &&
          (rule ?? each.rule) === each.rule,
      );
      return seen.operations.length === 0 ? null : exactly(sum(found, ({ count }) => count));
    }
    case 'useful_rate':
      return judged === 0 ? null : exactly((judged - failed) / judged);
    case 'checks': {
      const counts = seen.checks.filter((each) => isTagged(each, tags));
      const [passes, failures] = [sum(counts, (each) => each.passes), sum(counts, (each) => each.failures)];
      return passes + failures === 0 ? null : exactly(passes / (passes + failures));
    }
    case 'iteration_duration': {
      const spread = seen.spreadOf(scenarios.map(({ durations }) => durations));
      if (spread.count === 0) return null;
      return exactly(
        (aggregate.kind === 'avg' ? spread.mean() : spread.atRank(rankOf(aggregate, spread.count))) / 1000,
      );
    }
    case 'iterations':
      return counted(iterations, aggregate, seen.seconds);
    case 'dropped_iterations': {
      const dropped = sum(scenarios, (each) => each.dropped);
      const due = dropped + iterations + sum(scenarios, (each) => each.aborted);
      if (due === 0) return null;
      return exactly(aggregate.kind === 'rate' ? dropped / due : dropped);
    }
  }
}

/**
 * A latency over useful requests and those without an answer. What is shown counts each of the latter with its wait. A
 * condition that wants short latencies is judged by failures by silence as if they had never ended: nobody got that answer.
 */
function durationOf<Values>(
  { aggregate, operator }: Threshold,
  operations: Observations<Values>['operations'],
  spreadOf: Observations<Values>['spreadOf'],
): Measured | null {
  const useful = operations.map(({ latencies }) => latencies);
  const waits = operations.map((each) => each.waits);
  const silent = operations.flatMap((each) =>
    each.blocked === undefined ? each.silent : [each.silent, each.blocked.silent],
  );
  const all = spreadOf([...useful, ...waits, ...silent]);
  const known = spreadOf(useful);
  if (all.count === 0) return null;
  const bound = { atLeast: true, withoutAnswer: (all.count - known.count) / all.count } as const;
  if (aggregate.kind === 'avg') {
    const mean = all.mean() / 1000;
    return { observed: mean, decisive: mean, ...(known.count < all.count ? bound : {}) };
  }
  const rank = rankOf(aggregate, all.count);
  const observed = all.atRank(rank) / 1000;
  if (known.count === all.count || (rank <= known.count && known.atRank(rank) / 1000 === observed)) {
    return exactly(observed);
  }
  if (operator !== '<' && operator !== '<=' && operator !== '==') return { observed, decisive: observed, ...bound };
  const ended = spreadOf([...useful, ...waits]);
  return { observed, decisive: rank <= ended.count ? ended.atRank(rank) / 1000 : Number.POSITIVE_INFINITY, ...bound };
}

/** How a threshold came out; it fails without samples, because nothing was shown. */
export function evaluate(
  threshold: Threshold,
  measured: Measured | null,
): Pick<ThresholdResult, 'ok' | 'observed' | 'atLeast' | 'withoutAnswer'> {
  if (measured === null) return { ok: false, observed: null };
  return { ok: holds(measured.decisive, threshold), observed: measured.observed, ...boundOf(measured) };
}

/** The fields that say that a value is only a lower bound; none when it is exact. */
export function boundOf({ atLeast, withoutAnswer }: Bound): Bound {
  return atLeast === undefined || withoutAnswer === undefined ? {} : { atLeast, withoutAnswer };
}

function exactly(value: number): Measured {
  return { observed: value, decisive: value };
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function counted(count: number, aggregate: Aggregate, seconds: number): Measured | null {
  if (count === 0) return null;
  return exactly(aggregate.kind === 'rate' ? count / seconds : count);
}

/** The rank of an aggregate of durations, nearest-rank. */
function rankOf(aggregate: Aggregate, count: number): number {
  switch (aggregate.kind) {
    case 'p':
      return nearestRank(count, aggregate.percent / 100);
    case 'med':
      return nearestRank(count, 0.5);
    case 'min':
      return 1;
    case 'max':
      return count;
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
    operations: fold.cells.filter(isChosen).map(({ useful, failed, censored, ...cell }) => ({
      ...cell,
      useful: useful.length,
      failed: failed.length,
      censored: censored.length,
      latencies: useful,
      waits: censored,
    })),
    scenarios: fold.iterations.filter(isChosen).map(({ scenario, durations, aborted, dropped, ...rest }) => {
      const iterations = durations.length;
      return { scenario, iterations, aborted: aborted + rest.iterationsWithoutFeedRow, dropped, durations };
    }),
    checks: fold.checks ?? [],
    ...(fold.deviations === undefined ? {} : { deviations: fold.deviations }),
    spreadOf: exactSpread,
  };
}

function isTagged(count: CheckCount, tags: Threshold['tags']): boolean {
  const names = ['check', 'scenario', 'target', 'operation'] as const;
  return names.every((name) => (tags[name] ?? count[name]) === count[name]);
}

/**
 * The spread of all values of several ascending arrays. It is exact but does not sort them together, because the same
 * values are part of many sliding windows.
 */
export function exactSpread(arrays: readonly Uint32Array[]): Spread {
  const count = arrays.reduce((total, { length }) => total + length, 0);
  return {
    count,
    atRank(rank) {
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
