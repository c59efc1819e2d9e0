import { phaseAt } from '../plan/timeline.ts';
import { type CheckCount, type CheckKey, type OperationKey, operationId } from '../sample/block.ts';
import type { DeviationCount } from '../sample/deviation.ts';
import type { Outcome } from '../sample/outcome.ts';
import type { SliceCause, SliceHealth } from './generator-health.ts';
import { sorted } from './percentiles.ts';

/**
 * What blocks add up to, without loss for latencies. Folds merge to the same fold in any order. So slices can be folded
 * in groups, and percentiles are computed once, from all values.
 */
export type Fold = {
  /** Width of an interval. */
  readonly intervalMs: number;
  readonly cells: readonly Cell[];
  readonly outcomes: readonly OutcomeCount[];
  readonly examples: readonly KeptExample[];
  readonly operations: readonly OperationFold[];
  readonly pauses: readonly PauseFold[];
  /** Pauses after failed connections; absent when there were none, and in folds of earlier versions. */
  readonly connectionPauses?: readonly PauseFold[];
  /** The checks of the plan, without warm-up; absent when there were none, and in folds of earlier versions. */
  readonly checks?: readonly CheckCount[];
  /** Deviations from the specification, warm-up included; absent as above. */
  readonly deviations?: readonly DeviationCount[];
  /** Numbers of the virtual users that sent a request or found that a feed had run out, ascending. */
  readonly vus: Uint32Array;
  readonly iterations: readonly IterationCell[];
  readonly sessions: readonly SessionFold[];
  /** Requests that a stop ended before they were sent; counted nowhere else. */
  readonly abortedRequests: number;
  /** Requests for which this machine had no file descriptor, port or memory left (CLIENT_LIMIT). */
  readonly limitedRequests: number;
  /** A message of theirs, chosen like a KeptExample. */
  readonly limitedExample: string;
  readonly samples: number;
  /** Epoch milliseconds at which the last request ended, warm-up included; 0 without requests. */
  readonly lastEndMs: number;
  readonly slices: readonly SliceFold[];
};

/** The interval and the phase of a cell. */
export type CellPlace = {
  /** Interval of the actual start, counted from the run's planned start. */
  readonly interval: number;
  /** Phase of the intended start, see `phasesOf` a plan; the first phases are warm-up. */
  readonly phase: number;
};

/**
 * The latencies of one operation in one interval and phase: microseconds, ascending. Latency counts from the intended
 * start, so it includes the time that a request waited for its turn.
 */
export type Cell = OperationKey &
  CellPlace & {
    readonly useful: Uint32Array;
    readonly failed: Uint32Array;
    /** Those of `failed` that are failures by silence: how long they had waited. Empty in folds of earlier versions. */
    readonly silent: Uint32Array;
    /** How long the requests had waited that a stop ended: their latency is at least that. Empty as above. */
    readonly censored: Uint32Array;
    /** The failed requests and the blocked calls by outcome. */
    readonly failures: FailureCounts;
    /** Absent when there were none, and in folds of earlier versions. */
    readonly blocked?: BlockedCalls;
  };

/** Calls that were not sent, because the target did not let a session be opened for them. */
export type BlockedCalls = {
  readonly count: number;
  /** How long those had waited whose session failed by silence: microseconds, ascending. */
  readonly silent: Uint32Array;
};

const NONE = new Uint32Array();

/** How long the calls of a cell without an answer had waited, microseconds. */
export function waitsOf(cells: readonly Pick<Cell, 'silent' | 'censored' | 'blocked'>[]): Uint32Array {
  return sorted(cells.flatMap(({ silent, censored, blocked }) => [silent, censored, blocked?.silent ?? NONE]));
}

/** How many requests of a cell were sent: useful, failed and censored ones. */
export function sentOf({ useful, failed, censored }: Pick<Cell, 'useful' | 'failed' | 'censored'>): number {
  return useful.length + failed.length + censored.length;
}

/** How often each failure occurred, by its outcome. */
export type FailureCounts = { readonly [Code in Outcome]?: number };

/** The iterations of one scenario in one interval and phase. */
export type IterationCell = CellPlace & {
  readonly target: string;
  readonly scenario: string;
  /** Microseconds from the intended start, ascending; aborted iterations are left out. */
  readonly durations: Uint32Array;
  /**
   * Microseconds from the intended to the actual start, ascending, of iterations that were at least a millisecond late.
   * Absent when there were none, and in folds of earlier versions.
   */
  readonly lags?: Uint32Array;
  /** Iterations that the generator ended. */
  readonly aborted: number;
  /** Iterations that sent nothing because a feed had no row left for them (PLAN_FEED_END). */
  readonly iterationsWithoutFeedRow: number;
  /** Dropped iterations, counted at their intended start. */
  readonly dropped: number;
};

/** The sessions with one target, warm-up included: a session that opens in it may last to the end of the run. */
export type SessionFold = {
  readonly target: string;
  /** When sessions opened and when they ended, milliseconds from the run's planned start; each ascending. */
  readonly opened: Uint32Array;
  readonly closed: Uint32Array;
  /** Lifetimes in milliseconds, ascending. */
  readonly lifetimes: Uint32Array;
  /** Sessions that were lost instead of closed, by outcome. */
  readonly losses: FailureCounts;
};

/**
 * The clocks that are kept besides the latency itself, in microseconds. `lag` ends with the dispatch. `socket`,
 * `headers`, `firstEvent` and `close` count from the dispatch. `connect` and `tls` are the time that a new connection
 * took. `hold` is the time from the answer to the close of its stream.
 */
export type ClockName = 'lag' | 'socket' | 'connect' | 'tls' | 'headers' | 'firstEvent' | 'close' | 'hold';

/** Calls whose latency is kept separately: the first of a session; of the others, those after the session was idle. */
export const COLD_CALLS = ['firstOfSession', 'afterIdle'] as const;
export type ColdCall = (typeof COLD_CALLS)[number];

/**
 * What is kept of one operation over the whole run, without warm-up; all arrays are ascending. The clocks up to `tls`
 * cover all requests that reached them, because a request's outcome does not change how it got its connection. The other
 * clocks and the cold calls cover useful requests.
 */
export type OperationFold = OperationKey &
  Readonly<Record<ClockName | ColdCall, Uint32Array>> & {
    /** Requests with the flag of the same name: streams that the client cut, resumed streams, second attempts … */
    readonly held: number;
    readonly resumed: number;
    readonly retries: number;
    /** Absent when 0, and in folds of earlier versions. */
    readonly queued?: number;
    readonly resent?: number;
  };

/** The pauses that virtual users made because a target asked for them, or because it had no connection; without warm-up. */
export type PauseFold = {
  readonly target: string;
  readonly count: number;
  readonly totalUs: number;
  readonly maxUs: number;
};

/** How often one operation ended in one outcome other than OK, without warm-up. */
export type OutcomeCount = OutcomeKey & {
  readonly count: number;
  /** Epoch milliseconds of the first and last start. */
  readonly firstMs: number;
  readonly lastMs: number;
};

/** A message that came with an outcome. It may be from the warm-up, because only the first messages are recorded. */
export type KeptExample = OutcomeKey & {
  /** See `firstExample`. */
  readonly message: string;
};

/** One outcome of one operation. */
type OutcomeKey = OperationKey & { readonly outcome: Outcome };

/** How one slice ended. */
export type SliceFold = {
  readonly sliceId: string;
  /**
   * `committed`: one attempt ran to the end. `partial`: some of its load or of its samples may be missing. `lost`: nobody
   * completed it. `skipped`: it was not needed, because the run had been stopped.
   */
  readonly state: 'committed' | 'partial' | 'lost' | 'skipped';
  /** Why a slice is lost, or partial without having ended early. Absent otherwise, and in folds of earlier versions. */
  readonly cause?: SliceCause;
  readonly duplicates: number;
  /** Undefined for a lost slice, which could not report it. */
  readonly health: SliceHealth | undefined;
  /** What holders before the last one reported; absent without any. */
  readonly earlier?: readonly SliceHealth[];
  /** Holders that ended without a report of themselves; absent without any, and in folds of earlier versions. */
  readonly silent?: readonly SilentHolder[];
};

/** Nobody knows all that it has sent, and what it cost. */
export type SilentHolder = {
  /** What it has stored. */
  readonly blocks: number;
  readonly samples: number;
  /** Names its process; absent if it has shown no sign of life. */
  readonly instance?: string;
  /**
   * Requests that it had sent by its last sign of life and that are not stored; negative if it has stored more since. Null if
   * the sign does not say how many it had sent.
   */
  readonly unstored: number | null;
  /** The most requests that it had sent in a second until then; absent if that is not known. */
  readonly peakPerSecond?: number;
  /**
   * For how long it may have gone on making load after that sign, milliseconds: until it should have given the next sign, and
   * until it could no longer prove that it holds the slice.
   */
  readonly likelyMs: number;
  readonly atMostMs: number;
  /** The most load that the plan has in that time, divided by the most before; null if there was none before. */
  readonly growth: number | null;
  /** The most requests that the plan's starts in that time can make; null if virtual users set the pace. */
  readonly plannedRequests: number | null;
};

/** How instants of a run become intervals and phases. */
export type FoldFrame = {
  /** Planned start of the run, epoch. */
  readonly runStartMs: number;
  /** Width of an interval. */
  readonly intervalMs: number;
  /** Where one phase ends and the next begins, milliseconds from the run's start, ascending. */
  readonly phaseBoundariesMs: readonly number[];
  /** How many of the first phases are warm-up. */
  readonly warmUpPhases: number;
};

/** The interval of an instant; an instant before the run is in the first interval. @param atMs epoch */
export function intervalAt({ runStartMs, intervalMs }: FoldFrame, atMs: number): number {
  return Math.max(0, Math.floor((atMs - runStartMs) / intervalMs));
}

/** The phase of an instant. @param atMs epoch */
export function phaseOf({ runStartMs, phaseBoundariesMs }: FoldFrame, atMs: number): number {
  return phaseAt(phaseBoundariesMs, atMs - runStartMs);
}

const NICE_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600] as const;
const MAX_INTERVALS = 120;

/**
 * Width of a run's intervals in milliseconds: the narrowest round width with at most 120 intervals in the planned
 * duration. What happens after the planned end gets further intervals of the same width.
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

/** The one text that identifies an outcome of an operation, as the key of a map. */
export function outcomeId(of: OutcomeKey): string {
  return `${operationId(of)}\n${of.outcome}`;
}

/** The one text that identifies a check of a plan, as the key of a map; its order is that of the plan within a scenario. */
export function checkId({ scenario, step, position }: CheckKey): string {
  return `${scenario}\n${String(step).padStart(6, '0')}\n${String(position).padStart(6, '0')}`;
}

/** The first of two messages in text order, or the one that is not empty; the order of the two does not matter. */
export function firstExample(one: string, other: string): string {
  if (one === '' || other === '') return one + other;
  return one < other ? one : other;
}
