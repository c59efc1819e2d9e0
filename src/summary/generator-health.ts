import type { StartCounts } from '../traffic/executor.ts';

/**
 * Why a slice is lost, or partial:
 * - `died`: its holder gave no further sign of life: its process or its host ended, or the store was away from it
 * - `failed`: its holder ended with an error of mcp-surge; the faults of the run have it
 * - `never begun`: no delivery of it has begun
 * - `too late`: its first delivery came after its time
 * - `store away`: it was delivered, and the store could not be reached in its time
 * - `refused`: the process that was to run it refused it; the faults of the run have the reason
 * - `run over`: its first delivery came when the orchestration of the run was over
 */
export type SliceCause = (typeof SLICE_CAUSES)[number];

export const SLICE_CAUSES = ['died', 'failed', 'never begun', 'too late', 'store away', 'refused', 'run over'] as const;

/** What the load generator reports about itself, over all slices of a run. What no slice reported is null. */
export type GeneratorHealth = {
  readonly slices: {
    /** Those that had to run, without the skipped ones. */
    readonly planned: number;
    /** Ran to their end and wrote their commit. */
    readonly committed: number;
    /** Committed by a second attempt after the first was lost, or ended early; some load is missing. */
    readonly partial: number;
    /** Never committed; what they had stored is counted. */
    readonly lost: number;
    /** Not needed, because the run had been stopped before they should have begun; absent when there were none. */
    readonly skipped?: number;
    /** Why slices are lost, or partial; absent when none is for a cause of this list, and in reports of earlier versions. */
    readonly causes?: readonly { readonly cause: SliceCause; readonly slices: number }[];
    /** How many instances of the app ran slices, as far as they said so; only with causes. */
    readonly instancesSeen?: number;
    /** Second deliveries of a slice that was already running; they sent nothing. */
    readonly duplicates: number;
  };
  /**
   * Attempts at slices that ended without a report of themselves. Their delays, CPU time, tokens, store errors and late starts
   * are in no figure; their starts only as far as they are stored. Absent when there were none, and in earlier versions.
   */
  readonly unreported?: number;
  /** Requests that were sent, or may have been, and are in no figure; null when there can be none. */
  readonly unaccounted?: Unaccounted | null;
  /** How late the latest slice started; null when none reported. */
  readonly maxStartDelayMs: number | null;
  /** Delay of the event loop's timers while the load ran, worst slice. */
  readonly eventLoopDelayMs: LoopDelay;
  readonly cpu: {
    /** Null when no slice reported. */
    readonly seconds: number | null;
    /** Null without requests too, and if an attempt without a report had a part in them. */
    readonly microsecondsPerRequest: number | null;
    /** CPU seconds per second of the busiest process while it ran a slice; null when no slice lasted a second. */
    readonly maxShare: number | null;
  };
  /** Starts of all scenarios together, as the slices reported them, and of each scenario. */
  readonly starts: StartHealth & { readonly scenarios: readonly ({ readonly scenario: string } & StartHealth)[] };
  /** `started` are those that sent at least one request, whatever its outcome, or found that a feed had run out. */
  readonly vus: { readonly planned: number; readonly started: number };
  /** Requests that a stop ended before they were sent; counted nowhere else. */
  readonly abortedRequests: number;
  /** Requests for which no file descriptor, port or memory was left (CLIENT_LIMIT); counted nowhere else. */
  readonly limitedRequests: number;
  /** One of their messages, which says how to fix it; empty when there was none. */
  readonly limitedExample: string;
  /** Token fetches; MCP latency does not include them. */
  readonly tokens: readonly TokenHealth[];
  /** Absent when there were none. */
  readonly refusedRequests?: readonly RefusedRequests[];
  /** Targets that a slice stopped loading before the end, in order of time; for each target the first such slice. */
  readonly stoppedTargets: readonly { readonly target: string; readonly reason: string; readonly atSeconds: number }[];
  /** Slices that ended their load before its end, by reason, in order of time; absent when there were none. */
  readonly endedEarly?: readonly { readonly reason: string; readonly slices: number; readonly atSeconds: number }[];
  readonly store: StoreTotals;
  /** How many processes ran slices, as far as they said so; null when none did. */
  readonly instances: number | null;
};

/** How the slices of a run ended, and how many requests are in no figure; undefined if there can be none. */
export type EndedSlices = GeneratorHealth['slices'] & { readonly unaccounted?: Unaccounted };

/**
 * The requests of attempts that ended without having stored everything. Samples that an attempt itself counted as not stored
 * are not among them (`store.unkept`).
 */
export type Unaccounted = {
  /** How many there are if each of these attempts ended before its next sign of life; null when that cannot be told. */
  readonly estimate: number | null;
  /** How many there are at most; null when that cannot be told. */
  readonly atMost: number | null;
  /** To how many slices these attempts belong. */
  readonly slices: number;
};

/** Delay of the event loop's timers. The p99 is never the longest delay alone. Null when there were too few timers. */
type LoopDelay = { readonly p99: number | null; readonly max: number | null };

/** How many starts were planned, made, dropped and late. */
export type StartHealth = {
  /** Starts for which the plan has an instant; null when virtual users set the pace. */
  readonly planned: number | null;
  /** Of these: made; dropped because no virtual user was free or time ran out; made late. Null when nothing is known. */
  readonly started: number | null;
  readonly dropped: number | null;
  readonly late: number | null;
  /** The longest time from an instant to its start. */
  readonly maxLagMs: number | null;
};

/** Token fetches for one target. */
export type TokenHealth = {
  readonly target: string;
  readonly fetched: number;
  readonly failed: number;
  /** The slowest fetch. */
  readonly maxMs: number;
};

/** Requests of a target that got no answer, because it sent more than a client can answer. */
export type RefusedRequests = { readonly target: string; readonly count: number };

/** A target that a slice stopped loading, because more load would have shown nothing or done harm. */
export type StoppedTarget = {
  readonly target: string;
  /** A sentence for a person, such as which outcome caused it; without secrets. */
  readonly reason: string;
  /** When the slice stopped, epoch milliseconds. */
  readonly atMs: number;
};

/** Why and when (epoch milliseconds) a slice ended its load before its time. */
export type EndedEarly = {
  /** A sentence without its full stop. */
  readonly reason: string;
  readonly atMs: number;
  /** True if another delivery may make the load of the remaining time. */
  readonly mayContinue: boolean;
};

/** What became of the samples of all slices. */
export type StoreTotals = Omit<StoreHealth, 'errors'> & {
  /** Null when no slice reported them. */
  readonly errors: number | null;
};

/** What became of the samples of a slice. */
export type StoreHealth = {
  /** Calls to the store that failed and were tried again. */
  readonly errors: number;
  /** What was stored. */
  readonly blocks: number;
  readonly samples: number;
  /** Samples that could not be stored, so that no figure includes them; absent when there were none. */
  readonly unkept?: number;
  /** Those of them that are requests which were sent; absent when there were none. */
  readonly unkeptRequests?: number;
};

/** What one attempt at a slice reports about itself; part of its commit. */
export type SliceHealth = {
  /** Actual minus planned start. */
  readonly startDelayMs: number;
  readonly eventLoopDelayMs: LoopDelay;
  /** CPU time of the whole process while the slice ran; slices that shared a process report the same seconds. */
  readonly cpuSeconds: number;
  /** CPU time of the process when the slice began; shows which seconds two slices both report. */
  readonly cpuFromSeconds: number;
  /** How long the slice made load. */
  readonly wallSeconds: number;
  /** Starts of each scenario of which the slice had a segment. */
  readonly starts: readonly ({ readonly scenario: string } & StartCounts)[];
  readonly tokens: readonly TokenHealth[];
  /** Requests of targets that got no answer; absent when there were none, and in commits of earlier versions. */
  readonly refusedRequests?: readonly RefusedRequests[];
  readonly stoppedTargets: readonly StoppedTarget[];
  /** Present if the slice ended its load before its time, other than by a stop of the run. */
  readonly endedEarly?: EndedEarly;
  readonly store: StoreHealth;
  /** The most requests that it sent in a second, on average over a few seconds; absent in commits of earlier versions. */
  readonly peakPerSecond?: number;
  /** Names the process that ran it. */
  readonly instance: string;
};
