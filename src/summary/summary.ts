import type { Outcome } from '../sample/outcome.ts';
import type { GeneratorHealth } from './generator-health.ts';
import type { Percentiles } from './percentiles.ts';

/** Counts over the whole run. Aborted requests (ended by us when the run ended) are in none of them. */
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

/** One operation of one target, e.g. `tools/call:search_code` of `github`. */
export type OperationSummary = {
  readonly target: string;
  readonly operation: string;
  readonly count: number;
  readonly useful: number;
  readonly failures: number;
  readonly requestsPerSecond: number;
  /** Dispatch to matching response, useful requests only; null when there were none. */
  readonly latencyMs: Percentiles | null;
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
  readonly failures: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
};

/** How one operation went over time; the series of all operations together has target and operation `*`. */
export type Series = {
  readonly target: string;
  readonly operation: string;
  /** Width of every interval. */
  readonly intervalSeconds: number;
  readonly points: readonly SeriesPoint[];
};

/** What the samples of a run add up to. */
export type Summary = {
  /** From the planned start to the last answer or the planned end, whichever is later; to the last answer when stopped. */
  readonly durationSeconds: number;
  readonly totals: Totals;
  readonly operations: readonly OperationSummary[];
  readonly failures: readonly OutcomeGroup[];
  readonly warnings: readonly OutcomeGroup[];
  readonly pauses: readonly TargetPauses[];
  readonly series: readonly Series[];
  readonly iterationMs: Percentiles | null;
  readonly generator: GeneratorHealth;
};
