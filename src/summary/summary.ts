import type { Outcome } from '../sample/outcome.ts';
import type { LatencyBatch } from './batches.ts';
import type { ColdCall } from './fold.ts';
import type { GeneratorHealth } from './generator-health.ts';
import type { Percentiles } from './percentiles.ts';

/** What the plan and the run's record say of the time and the load; summarise cannot know them from samples. */
export type RunSpan = {
  /** Planned start, epoch. */
  readonly runStartMs: number;
  readonly plannedDurationMs: number;
  readonly plannedSlices: number;
  readonly plannedVus: number;
  /** How long the warm-up was to be; 0 for none. */
  readonly warmUpMs: number;
  /** How many of the run's first parts are warm-up. */
  readonly warmUpParts: number;
  /** Of each scenario whose starts come at a rate, how many starts the plan has in each interval. */
  readonly plannedStarts: readonly { readonly scenario: string; readonly starts: readonly number[] }[];
  /** True when the run was stopped before its planned end. */
  readonly stopped: boolean;
};

/** Counts over the run without its warm-up. Aborted requests (ended by us when the run ended) are in none of them. */
export type Totals = {
  readonly requests: number;
  /** Requests whose answer an agent can use: transport, HTTP, JSON-RPC and tool succeeded and every check held. */
  readonly useful: number;
  readonly failures: number;
  /** failures / requests, 0 without requests. */
  readonly failureRate: number;
  readonly requestsPerSecond: number;
  readonly iterations: number;
  readonly droppedIterations: number;
};

/** Number of useful requests whose latency lies in [fromMs, toMs). */
export type DistributionBin = { readonly fromMs: number; readonly toMs: number; readonly count: number };

/**
 * The further clocks of an operation. Lag, socket, connect and tls cover all its requests that got there, the others its
 * useful ones.
 */
export type Clocks = {
  /** From the intended to the actual start. */
  readonly lag: Percentiles | null;
  /** From dispatch until a connection took the request; part of its latency. */
  readonly socket: Percentiles | null;
  /** What making a new connection took, name look-up included; of requests that came first over one. */
  readonly connect: Percentiles | null;
  /** What the TLS handshake of a new connection took after that. */
  readonly tls: Percentiles | null;
  /** From dispatch, as are the next two. */
  readonly headers: Percentiles | null;
  readonly firstEvent: Percentiles | null;
  readonly close: Percentiles | null;
  /** From the matching response to the close of its stream. */
  readonly hold: Percentiles | null;
};

/** Useful calls of one kind and what they took. */
export type CallLatency = { readonly count: number; readonly latencyMs: Percentiles | null };

/**
 * The useful calls of an operation by what they found: the first of its session, the first after its session had been
 * silent for long, and all others. The first two show the target's cold start.
 */
export type CallKinds = { readonly [Kind in ColdCall | 'warm']: CallLatency };

/** One operation of one target, e.g. `tools/call:search_code` of `github`. */
export type OperationSummary = {
  readonly target: string;
  readonly operation: string;
  readonly count: number;
  readonly useful: number;
  readonly failures: number;
  readonly requestsPerSecond: number;
  /** Intended start to matching response, useful requests only; null when there were none. */
  readonly latencyMs: Percentiles | null;
  /** Null when no call was the first of its session or after an idle gap. */
  readonly calls: CallKinds | null;
  /** Time until the failure was known, failed requests only; null when there were none. */
  readonly failedLatencyMs: Percentiles | null;
  readonly clocksMs: Clocks;
  /** Requests that came first over a new connection. */
  readonly newConnections: number;
  /** Event streams that stayed open after their answer, so that we cut them and lost their connections. */
  readonly heldStreams: number;
  /** Answers that came over a second request, which took up a broken stream with Last-Event-ID. */
  readonly resumedAnswers: number;
  /** Requests that were a second try; the first try is a request of its own. */
  readonly retries: number;
  readonly distribution: readonly DistributionBin[];
  /** The run in stretches, for comparisons with other runs. */
  readonly batches: readonly LatencyBatch[];
};

/** Pauses that virtual users made because a target asked for them with Retry-After; neither requests nor iterations. */
export type TargetPauses = {
  readonly target: string;
  readonly count: number;
  /** Added up over all virtual users, so it may be longer than the run. */
  readonly totalMs: number;
  readonly maxMs: number;
};

/** All requests of one operation that ended in the same failure (or the same warning). */
export type OutcomeGroup = {
  readonly outcome: Outcome;
  readonly target: string;
  readonly operation: string;
  readonly count: number;
  /** ISO 8601 instants of the first and the last such request's start. */
  readonly firstAt: string;
  readonly lastAt: string;
  /** One message as the target sent it, shortened and redacted; empty when there was none. */
  readonly example: string;
};

/** One interval of a series; latencies in ms over useful requests that started in it, null when there were none. */
export type SeriesPoint = {
  /** Start of the interval, seconds from the start of the run. */
  readonly atSeconds: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly failures: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** The most sessions with the target that were open at one time; 0 where it has none. */
  readonly activeSessions: number;
};

/** How one operation went over time; the series of all operations together has target and operation `*`. */
export type Series = {
  readonly target: string;
  readonly operation: string;
  /** Width of every interval. */
  readonly intervalSeconds: number;
  readonly points: readonly SeriesPoint[];
};

/** How many sessions were open in one interval: at its end, and the most at one time. */
export type SessionPoint = { readonly atSeconds: number; readonly active: number; readonly most: number };

/** The sessions with one target, warm-up included; those of all targets together have target `*`. */
export type SessionSummary = {
  readonly target: string;
  readonly opened: number;
  /** Ended as they were to, by us or with the run. */
  readonly closed: number;
  /** Ended otherwise, and by what. */
  readonly lost: number;
  readonly losses: readonly { readonly outcome: Outcome; readonly count: number }[];
  /** The most that were open at one time. */
  readonly most: number;
  readonly lifetimeMs: Percentiles | null;
  readonly intervalSeconds: number;
  readonly points: readonly SessionPoint[];
};

/** The iterations of one scenario. */
export type ScenarioSummary = {
  readonly scenario: string;
  readonly target: string;
  readonly iterations: number;
  readonly iterationsPerSecond: number;
  /** Starts that could not be made: no virtual user was free, or time ran out. */
  readonly droppedIterations: number;
  /** Iterations that sent nothing because a feed had no row left for them (PLAN_FEED_END). */
  readonly unfedIterations: number;
  /** From the intended start to the end; without iterations that we ended ourselves. */
  readonly iterationMs: Percentiles | null;
};

/** One interval of a scenario whose starts come at a rate. */
export type StartPoint = {
  readonly atSeconds: number;
  readonly planned: number;
  readonly started: number;
  readonly dropped: number;
};

/** Planned against achieved starts over time. */
export type StartSeries = {
  readonly scenario: string;
  readonly intervalSeconds: number;
  readonly points: readonly StartPoint[];
};

/** What was left out of all figures but the series, as the plan asks. */
export type WarmUp = { readonly seconds: number; readonly requests: number; readonly failures: number };

/** What the samples of a run add up to. */
export type Summary = {
  /** From the planned start to the last answer or the planned end, whichever is later; to the last answer when stopped. */
  readonly durationSeconds: number;
  /** What rates are divided by: the duration without the warm-up. */
  readonly measuredSeconds: number;
  /** Null when the plan has none. */
  readonly warmUp: WarmUp | null;
  readonly totals: Totals;
  readonly scenarios: readonly ScenarioSummary[];
  readonly operations: readonly OperationSummary[];
  readonly failures: readonly OutcomeGroup[];
  readonly warnings: readonly OutcomeGroup[];
  readonly pauses: readonly TargetPauses[];
  /** Warm-up included. */
  readonly series: readonly Series[];
  readonly starts: readonly StartSeries[];
  /** All together (`*`) first; empty when no target has sessions. */
  readonly sessions: readonly SessionSummary[];
  readonly iterationMs: Percentiles | null;
  readonly generator: GeneratorHealth;
};
