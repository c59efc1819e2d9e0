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

/**
 * The clocks that are kept besides the latency itself, in microseconds. `lag` ends with the dispatch; `socket`, `headers`,
 * `firstEvent` and `close` count from it; `connect` and `tls` are what a new connection took to make, and `hold` is the
 * time from the answer to the close of its stream.
 */
export const CLOCKS = ['lag', 'socket', 'connect', 'tls', 'headers', 'firstEvent', 'close', 'hold'] as const;
export type ClockName = (typeof CLOCKS)[number];

/**
 * What is kept of one operation over the whole run. Clocks are ascending; those up to `tls` cover all its requests that
 * got there, because what became of a request does not change how it came to its connection, the others the useful ones.
 */
export type OperationFold = { readonly target: string; readonly operation: string } & Readonly<
  Record<ClockName, Uint32Array>
> & {
    /** Requests with the flag of this name: streams that we cut, answers over a resumed stream, second tries. */
    readonly held: number;
    readonly resumed: number;
    readonly retries: number;
  };

/** The pauses that virtual users made because a target asked for them. */
export type PauseFold = {
  readonly target: string;
  readonly count: number;
  readonly totalUs: number;
  readonly maxUs: number;
};

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
  readonly operations: readonly OperationFold[];
  readonly pauses: readonly PauseFold[];
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
    operations: [],
    pauses: [],
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
    socket: of('socket'),
    connect: of('connect'),
    tls: of('tls'),
    headers: of('headers'),
    firstEvent: of('firstEvent'),
    close: of('close'),
    hold: of('hold'),
  };
}
