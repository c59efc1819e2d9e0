import type { Outcome } from '../sample/outcome.ts';
import type { SliceHealth } from './slice-health.ts';

/** The latencies of one operation in one interval of the run, microseconds, ascending. */
export type Cell = {
  readonly target: string;
  readonly operation: string;
  /** Counted from the run's planned start. */
  readonly interval: number;
  readonly useful: Uint32Array;
  readonly failed: Uint32Array;
};

/** The clocks that are kept besides the latency itself, in microseconds: `lag` before the dispatch, the others from it. */
export const CLOCKS = ['lag', 'headers', 'firstEvent', 'close'] as const;
export type ClockName = (typeof CLOCKS)[number];

/** Clocks of one operation, each ascending: the lag of all its requests, the others of the useful ones that got there. */
export type ClockValues = { readonly target: string; readonly operation: string } & Readonly<
  Record<ClockName, Uint32Array>
>;

/** How often one operation ended in one outcome other than OK. */
export type OutcomeCount = {
  readonly target: string;
  readonly operation: string;
  readonly outcome: Outcome;
  readonly count: number;
  /** Epoch milliseconds of the first and last start. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** The first by text of the messages kept, so that any order of merging gives the same; empty when there was none. */
  readonly example: string;
};

/** What became of one slice. */
export type SliceFold = {
  readonly sliceId: string;
  readonly state: 'committed' | 'partial' | 'lost';
  readonly duplicates: number;
  /** Undefined for a lost slice: it could not say. */
  readonly health: SliceHealth | undefined;
};

/**
 * What blocks add up to, without loss for latencies: two folds merge to the same fold in any order, so slices can be
 * folded in groups and percentiles are computed once, from all values.
 */
export type Fold = {
  /** Width of an interval. */
  readonly intervalMs: number;
  readonly cells: readonly Cell[];
  readonly outcomes: readonly OutcomeCount[];
  readonly clocks: readonly ClockValues[];
  /** Numbers of the virtual users that sent a request, ascending. */
  readonly vus: Uint32Array;
  /** Durations of iterations in microseconds, ascending; without those that we ended ourselves. */
  readonly iterations: Uint32Array;
  readonly droppedIterations: number;
  readonly abortedRequests: number;
  readonly samples: number;
  /** Epoch milliseconds at which the last request was settled; 0 without requests. */
  readonly lastEndMs: number;
  readonly slices: readonly SliceFold[];
};

/** A fold of nothing: merging it changes nothing. */
export function emptyFold(intervalMs: number): Fold {
  return {
    intervalMs,
    cells: [],
    outcomes: [],
    clocks: [],
    vus: new Uint32Array(),
    iterations: new Uint32Array(),
    droppedIterations: 0,
    abortedRequests: 0,
    samples: 0,
    lastEndMs: 0,
    slices: [],
  };
}

const NICE_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600] as const;
const MAX_INTERVALS = 120;

/**
 * Width of a run's intervals: the narrowest round one that makes at most 120 of its planned duration. What goes on after
 * that (graceful stop, goodbyes) gets further intervals of the same width.
 */
export function intervalFor(durationMs: number): number {
  const fits = NICE_SECONDS.find((seconds) => durationMs / 1000 / seconds <= MAX_INTERVALS);
  return (fits ?? Math.ceil(durationMs / 1000 / MAX_INTERVALS)) * 1000;
}

/** A record with a value for each clock. */
export function mapClocks<Value>(of: (clock: ClockName) => Value): Record<ClockName, Value> {
  return {
    lag: of('lag'),
    headers: of('headers'),
    firstEvent: of('firstEvent'),
    close: of('close'),
  };
}
