import { phaseAt } from '../plan/timeline.ts';
import type { Outcome } from '../sample/outcome.ts';
import type { SliceHealth } from './generator-health.ts';

/** Items with the same name together, in order of the names. */
export function groups<Item>(items: readonly Item[], nameOf: (item: Item) => string): Item[][] {
  return [...Map.groupBy(items, nameOf)].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, group]) => group);
}

/** Of two example messages the first by text, where there are two; so the choice does not depend on their order. */
export function firstExample(one: string, other: string): string {
  if (one === '' || other === '') return one + other;
  return one < other ? one : other;
}

/** How often each failure occurred, by its code. */
export type FailureCounts = { readonly [Code in Outcome]?: number };

/** Where in time something belongs. */
type Place = {
  /** Of its actual start, counted from the run's planned start. */
  readonly interval: number;
  /** Of its intended start, among the stretches between the run's cuts (`phasesOf` a plan); warm-up is the first ones. */
  readonly part: number;
};

/**
 * The latencies of one operation in one interval of the run, microseconds, ascending. Latency counts from the intended
 * start, so what a request waited for its turn is in it.
 */
export type Cell = Place & {
  readonly target: string;
  readonly operation: string;
  readonly useful: Uint32Array;
  readonly failed: Uint32Array;
  /** The codes of those that failed. */
  readonly failures: FailureCounts;
};

/** The iterations of one scenario in one interval of the run. */
export type IterationCell = Place & {
  readonly target: string;
  readonly scenario: string;
  /** Microseconds from the intended start, ascending; without those that we ended ourselves. */
  readonly durations: Uint32Array;
  /** Iterations that we ended ourselves. */
  readonly aborted: number;
  /** Iterations that sent nothing because a feed had no row left for them (PLAN_FEED_END). */
  readonly unfed: number;
  /** Iterations that could not begin, at the instants at which they were to. */
  readonly dropped: number;
};

/** The sessions with one target, warm-up included: a session that was opened then may last to the end. */
export type SessionFold = {
  readonly target: string;
  /** Milliseconds from the run's planned start at which sessions were open, and at which they were over; each ascending. */
  readonly opened: Uint32Array;
  readonly closed: Uint32Array;
  /** Lifetimes in milliseconds, ascending. */
  readonly lifetimes: Uint32Array;
  /** How many were lost rather than closed, by what became of them. */
  readonly losses: FailureCounts;
};

/**
 * The clocks that are kept besides the latency itself, in microseconds. `lag` ends with the dispatch; `socket`, `headers`,
 * `firstEvent` and `close` count from it; `connect` and `tls` are what a new connection took to make, and `hold` is the
 * time from the answer to the close of its stream.
 */
export const CLOCKS = ['lag', 'socket', 'connect', 'tls', 'headers', 'firstEvent', 'close', 'hold'] as const;
export type ClockName = (typeof CLOCKS)[number];

/** Calls whose latency is kept apart: the first of their session, and of the others those after a long silence of it. */
export const COLD_CALLS = ['firstOfSession', 'afterIdle'] as const;
export type ColdCall = (typeof COLD_CALLS)[number];

/**
 * What is kept of one operation over the whole run, without warm-up. Clocks are ascending; those up to `tls` cover all
 * its requests that got there, because what became of a request does not change how it came to its connection, the
 * others the useful ones, as do the latencies of cold calls.
 */
export type OperationFold = { readonly target: string; readonly operation: string } & Readonly<
  Record<ClockName | ColdCall, Uint32Array>
> & {
    /** Requests with the flag of this name: streams that we cut, answers over a resumed stream, second tries. */
    readonly held: number;
    readonly resumed: number;
    readonly retries: number;
  };

/** The pauses that virtual users made because a target asked for them, without those of the warm-up. */
export type PauseFold = {
  readonly target: string;
  readonly count: number;
  readonly totalUs: number;
  readonly maxUs: number;
};

/** How often one operation ended in one outcome other than OK, without warm-up. */
export type OutcomeCount = {
  readonly target: string;
  readonly operation: string;
  readonly outcome: Outcome;
  readonly count: number;
  /** Epoch milliseconds of the first and last start. */
  readonly firstMs: number;
  readonly lastMs: number;
};

/** A message that came with an outcome, perhaps during the warm-up, because only the first ones are recorded. */
export type KeptExample = {
  readonly target: string;
  readonly operation: string;
  readonly outcome: Outcome;
  /** The first by text of those recorded, so that any order of merging gives the same. */
  readonly message: string;
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
  readonly examples: readonly KeptExample[];
  readonly operations: readonly OperationFold[];
  readonly pauses: readonly PauseFold[];
  /** Numbers of the virtual users that sent a request, ascending. */
  readonly vus: Uint32Array;
  readonly iterations: readonly IterationCell[];
  readonly sessions: readonly SessionFold[];
  /** Requests that we ended ourselves, without those below. */
  readonly abortedRequests: number;
  /** Requests that this machine had no file, port or memory left for: CLIENT_LIMIT. */
  readonly limitedRequests: number;
  /** A message of theirs, chosen as a KeptExample. */
  readonly limitedExample: string;
  readonly samples: number;
  /** Epoch milliseconds at which the last request was settled, warm-up included; 0 without requests. */
  readonly lastEndMs: number;
  readonly slices: readonly SliceFold[];
};

/** A fold of nothing: merging it changes nothing. */
export function emptyFold(intervalMs: number): Fold {
  return {
    intervalMs,
    cells: [],
    outcomes: [],
    examples: [],
    operations: [],
    pauses: [],
    vus: new Uint32Array(),
    iterations: [],
    sessions: [],
    abortedRequests: 0,
    limitedRequests: 0,
    limitedExample: '',
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

/** What the samples of a run are placed in. */
export type FoldFrame = {
  /** Planned start of the run, epoch. */
  readonly runStartMs: number;
  /** Width of the intervals that are counted from it. */
  readonly intervalMs: number;
  /** Where the run is cut into parts, milliseconds from its start, ascending. */
  readonly phaseBoundariesMs: readonly number[];
  /** How many of the first parts are warm-up. */
  readonly warmUpParts: number;
};

/** The interval of an instant; what comes before the run is in the first. @param atMs epoch */
export function intervalAt({ runStartMs, intervalMs }: FoldFrame, atMs: number): number {
  return Math.max(0, Math.floor((atMs - runStartMs) / intervalMs));
}

/** The part of an instant. @param atMs epoch */
export function phaseOf({ runStartMs, phaseBoundariesMs }: FoldFrame, atMs: number): number {
  return phaseAt(phaseBoundariesMs, atMs - runStartMs);
}
