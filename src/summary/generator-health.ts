import type { StartCounts } from '../traffic/executor.ts';

/** What the load generator says about itself, over all slices of a run. */
export type GeneratorHealth = {
  readonly slices: {
    readonly planned: number;
    /** Ran to their end and wrote their commit marker. */
    readonly committed: number;
    /** Committed by a second attempt, after the first was lost: some load is missing. */
    readonly partial: number;
    /** Never committed; what they had stored before they vanished is counted. */
    readonly lost: number;
    /** Deliveries of a slice that was already being run; they sent nothing. */
    readonly duplicates: number;
  };
  /** The latest start of any slice after its planned instant. */
  readonly maxStartDelayMs: number;
  /** Delay of the event loop's timers while load was running, worst slice. */
  readonly eventLoopDelayMs: { readonly p99: number; readonly max: number };
  readonly cpu: {
    readonly seconds: number;
    readonly microsecondsPerRequest: number;
    /** CPU seconds a second of the busiest process while it ran a slice. */
    readonly maxShare: number;
  };
  /** Starts of all scenarios together, by the slices that told of them; of the scenarios one by one. */
  readonly starts: StartHealth & { readonly scenarios: readonly ({ readonly scenario: string } & StartHealth)[] };
  /** `started` are those that sent at least one request, whatever became of it. */
  readonly vus: { readonly planned: number; readonly started: number };
  /** Requests that we ended ourselves when the run ended; they count nowhere else. */
  readonly abortedRequests: number;
  /** Requests that we had no file, port or memory left for (CLIENT_LIMIT); they count nowhere else either. */
  readonly limitedRequests: number;
  /** One message of theirs, which says what to do; empty when there was none. */
  readonly limitedExample: string;
  /** Token requests, apart from MCP latency. */
  readonly tokens: readonly TokenHealth[];
  /** Targets that a slice stopped loading before the end, by time: the first slice of each, seconds after the start. */
  readonly stoppedTargets: readonly { readonly target: string; readonly reason: string; readonly atSeconds: number }[];
  readonly store: { readonly errors: number; readonly blocks: number; readonly samples: number };
  /** How many processes ran slices. */
  readonly instances: number;
};

/** What became of starts. */
export type StartHealth = {
  /** Starts that the plan has an instant for; null when virtual users set the pace. */
  readonly planned: number | null;
  /** Of those that have an instant: made, not made because no virtual user was free or time ran out, made late. */
  readonly started: number;
  readonly dropped: number;
  readonly late: number;
  /** The longest time from an instant to its start. */
  readonly maxLagMs: number;
};

/** Token fetches for one target. */
export type TokenHealth = {
  readonly target: string;
  readonly fetched: number;
  readonly failed: number;
  /** The slowest fetch. */
  readonly maxMs: number;
};

/** A target that a slice stopped loading, because going on would have shown nothing or done harm. */
export type StoppedTarget = {
  readonly target: string;
  /** For a person, e.g. which outcome made an end of it; without secrets. */
  readonly reason: string;
  /** When the slice stopped, epoch milliseconds. */
  readonly atMs: number;
};

/** What one attempt at a slice says about itself; part of its commit marker. */
export type SliceHealth = {
  /** Actual minus planned start. */
  readonly startDelayMs: number;
  readonly eventLoopDelayMs: { readonly p99: number; readonly max: number };
  /** Of the whole process while the slice ran; slices that shared a process report the same seconds. */
  readonly cpuSeconds: number;
  /** What the process had used when the slice began: so seconds that two slices saw are known to be the same. */
  readonly cpuFromSeconds: number;
  /** How long the slice made load. */
  readonly wallSeconds: number;
  /** What became of the starts of each scenario of which it had a share. */
  readonly starts: readonly ({ readonly scenario: string } & StartCounts)[];
  readonly tokens: readonly TokenHealth[];
  readonly stoppedTargets: readonly StoppedTarget[];
  readonly store: { readonly errors: number; readonly blocks: number; readonly samples: number };
  /** Names the process that ran it. */
  readonly instance: string;
};
