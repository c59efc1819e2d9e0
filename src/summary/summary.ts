import type { CheckCount, OperationKind } from '../sample/block.ts';
import type { DeviationCount } from '../sample/deviation.ts';
import type { SoftErrorEntry } from '../sample/error-text.ts';
import type { Outcome } from '../sample/outcome.ts';
import type { LatencyBatch } from './batches.ts';
import type { ColdCall } from './fold.ts';
import type { GeneratorHealth } from './generator-health.ts';
import type { PercentileName, Percentiles } from './percentiles.ts';

/** Every figure of a run. Totals, warm-up and the series of all operations are about the plan's steps. */
export type Summary = {
  /** From the planned start to the planned end or the last answer, whichever is later; to the last answer when stopped. */
  readonly durationSeconds: number;
  /** What rates are divided by: the duration without the warm-up. */
  readonly measuredSeconds: number;
  /** Null when the plan has none. */
  readonly warmUp: WarmUp | null;
  readonly totals: Totals;
  /** The requests that the protocol added: handshakes, lists on opening, polls, cancellations … */
  readonly protocol: RequestTotals;
  readonly scenarios: readonly ScenarioSummary[];
  /** Steps of the plan first. */
  readonly operations: readonly OperationSummary[];
  readonly failures: readonly OutcomeGroup[];
  readonly warnings: readonly OutcomeGroup[];
  readonly exampleAnswers: readonly ExampleAnswer[];
  /** Pauses that targets asked for with Retry-After. */
  readonly pauses: readonly TargetPauses[];
  /** Pauses that virtual users made after failed connections, so that they do not hammer a target that is down. */
  readonly connectionPauses: readonly TargetPauses[];
  /** Every check that ran on a result. */
  readonly checks: readonly CheckCount[];
  /** Rules of the specification that targets broke, warm-up included; absent when they broke none that is counted. */
  readonly deviations?: readonly DeviationCount[];
  /** Warm-up included. */
  readonly series: readonly Series[];
  readonly starts: readonly StartSeries[];
  /** All together (`*`) first; empty when no target has sessions. */
  readonly sessions: readonly SessionSummary[];
  readonly iterationMs: Percentiles | null;
  readonly generator: GeneratorHealth;
};

/** Facts about a run from its plan and its record, which its samples do not show. */
export type RunSpan = {
  /** Planned start, epoch. */
  readonly runStartMs: number;
  readonly plannedDurationMs: number;
  /** Slices of the whole plan. */
  readonly plannedSlices: number;
  readonly plannedVus: number;
  /** Length of the warm-up; 0 for none. */
  readonly warmUpMs: number;
  /** How many of the run's first phases are warm-up. */
  readonly warmUpPhases: number;
  /** What the headline figures are about: the plan's steps, or all requests where no scenario has steps. */
  readonly headline: OperationKind | 'all';
  /** For each scenario whose starts come at a rate: the planned starts in each interval. */
  readonly plannedStarts: readonly { readonly scenario: string; readonly starts: readonly number[] }[];
  /** True when the run was stopped before its planned end. */
  readonly stopped: boolean;
};

/** Counts of requests over the run without its warm-up. Every request that was sent is useful, failed or censored. */
export type RequestTotals = {
  readonly requests: number;
  /** Requests with an answer that an agent can use: transport, HTTP, JSON-RPC, tool and all checks succeeded. */
  readonly useful: number;
  readonly failures: number;
  /** Requests that a stop ended before their answer. They count in no share, because the answer might have come. */
  readonly censored: number;
  /** Calls that were not sent, because no session could be opened for them; absent when there were none. */
  readonly blocked?: number;
  /** The share of failures and blocked calls among these and the useful requests; 0 without any of them. */
  readonly failureRate: number;
  readonly requestsPerSecond: number;
};

/** The headline counts of a run. */
export type Totals = RequestTotals & { readonly iterations: number; readonly droppedIterations: number };

/** Number of useful requests whose latency lies in [fromMs, toMs). */
export type DistributionBin = { readonly fromMs: number; readonly toMs: number; readonly count: number };

/**
 * The further clocks of an operation. Lag, socket, connect and tls cover all its requests that reached them; the others
 * cover its useful requests.
 */
export type Clocks = {
  /** From the intended to the actual start. */
  readonly lag: Percentiles | null;
  /** From dispatch until a connection took the request; part of its latency. */
  readonly socket: Percentiles | null;
  /** How long a new connection took, name look-up included; of the first request over each. */
  readonly connect: Percentiles | null;
  /** How long the TLS handshake of a new connection took after that. */
  readonly tls: Percentiles | null;
  /** From dispatch, like the next two. */
  readonly headers: Percentiles | null;
  readonly firstEvent: Percentiles | null;
  readonly close: Percentiles | null;
  /** From the matching response to the close of its stream. */
  readonly hold: Percentiles | null;
};

/** Useful calls of one kind and their latency. */
export type CallLatency = { readonly count: number; readonly latencyMs: Percentiles | null };

/**
 * The useful calls of an operation by kind: the first of a session, the first after the session was idle for long, and
 * all others. The first two kinds show the target's cold start.
 */
export type CallKinds = { readonly [Kind in ColdCall | 'warm']: CallLatency };

/** One operation of one target, e.g. `tools/call:search_code` of `github`. */
export type OperationSummary = {
  readonly target: string;
  readonly operation: string;
  readonly kind: OperationKind;
  /** useful + failures + censored */
  readonly count: number;
  readonly useful: number;
  readonly failures: number;
  /** Requests that a stop ended before their answer. */
  readonly censored: number;
  /** As in RequestTotals. */
  readonly blocked?: number;
  /** Requests that nobody answered: failures by silence, and the censored ones. */
  readonly withoutAnswer: number;
  /** The longest wait of a request without an answer, or of a blocked call; null when there were none. */
  readonly longestWaitMs: number | null;
  readonly requestsPerSecond: number;
  /**
   * Intended start to matching response. Covers useful requests, and with the time that they had waited: requests without
   * an answer, and calls whose session failed by silence. Null when there were none of these.
   */
  readonly latencyMs: Percentiles | null;
  /** Null when no call was the first of its session or after an idle gap. */
  readonly calls: CallKinds | null;
  /** Time until the failure was known, failed requests only; null when there were none. */
  readonly failedLatencyMs: Percentiles | null;
  readonly clocksMs: Clocks;
  /** Requests that were the first over a new connection. */
  readonly newConnections: number;
  /** Event streams that stayed open after their answer; the client cut them and lost their connections. */
  readonly heldStreams: number;
  /** Answers that came over a second request, which resumed a broken stream with Last-Event-ID. */
  readonly resumedAnswers: number;
  /** Requests that were a second attempt; the first attempt is a request of its own. */
  readonly retries: number;
  /** Requests that were sent anew because an HTTP/2 server closed their connection before it had begun them. */
  readonly resent: number;
  /** Requests that waited because all connections that the plan allows were in use (`maxConnections`). */
  readonly queued: number;
  readonly distribution: readonly DistributionBin[];
  /** Batches for comparisons with other runs. */
  readonly batches: readonly LatencyBatch[];
};

/** Pauses that virtual users made for one target; they are neither requests nor iterations. */
export type TargetPauses = {
  readonly target: string;
  readonly count: number;
  /** Sum over all virtual users, so it may be longer than the run. */
  readonly totalMs: number;
  readonly maxMs: number;
};

/** All requests of one operation with the same failure or warning. */
export type OutcomeGroup = {
  readonly outcome: Outcome;
  readonly target: string;
  readonly operation: string;
  /** Absent for a step of the plan. */
  readonly kind?: Exclude<OperationKind, 'step'>;
  readonly count: number;
  /** ISO 8601 instants at which the first and the last of them started. */
  readonly firstAt: string;
  readonly lastAt: string;
  /** One message of the target, shortened and redacted; empty when there was none. */
  readonly example: string;
  /** The entry for the target's `softErrors` that makes failures of such texts; only for TOOL_READS_LIKE_ERROR. */
  readonly softError?: SoftErrorEntry;
};

/** The first useful answer to a step of the plan; of several slices, the first in text order. */
export type ExampleAnswer = {
  readonly target: string;
  readonly operation: string;
  /** Its text, or JSON where it has none; shortened and redacted. It may be from the warm-up. */
  readonly answer: string;
};

/** One interval of a series; latencies in ms as those of an operation, of the requests that started in the interval. */
export type SeriesPoint = {
  /** Start of the interval, seconds from the start of the run. */
  readonly atSeconds: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly failures: number;
  /** As of an operation; absent when all were answered. */
  readonly withoutAnswer?: number;
  /** As in RequestTotals. */
  readonly blocked?: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** Those of the percentiles that are only lower bounds; absent when all are exact. */
  readonly atLeast?: readonly PercentileName[];
  /** The most sessions with the target that were open at the same time. */
  readonly activeSessions: number;
};

/** One operation's figures over time; the series of the whole headline has target and operation `*`. */
export type Series = {
  readonly target: string;
  readonly operation: string;
  readonly kind: OperationKind | 'all';
  /** Width of every interval. */
  readonly intervalSeconds: number;
  readonly points: readonly SeriesPoint[];
};

/** How many sessions were open in one interval: at its end, and the most at the same time. */
export type SessionPoint = { readonly atSeconds: number; readonly active: number; readonly most: number };

/** The sessions with one target, warm-up included; for all targets together, the target is `*`. */
export type SessionSummary = {
  readonly target: string;
  readonly opened: number;
  /** Ended normally: closed by the client or ended with the run. */
  readonly closed: number;
  /** Ended in any other way, by outcome in `losses`. */
  readonly lost: number;
  readonly losses: readonly { readonly outcome: Outcome; readonly count: number }[];
  /** The most that were open at the same time. */
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
  /**
   * Iterations that began and did not reach their end: the end of the load cut them short, or this machine could not send
   * their requests. They are in no other figure.
   */
  readonly unfinishedIterations: number;
  readonly iterationsPerSecond: number;
  /** Starts that were not made: no virtual user was free, or time ran out. */
  readonly droppedIterations: number;
  /** Iterations that sent nothing because a feed had no row left for them (PLAN_FEED_END). */
  readonly unfedIterations: number;
  /** From the intended start to the end, without aborted iterations. */
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

/** What the plan's warm-up left out of all figures except the series. */
export type WarmUp = { readonly seconds: number; readonly requests: number; readonly failures: number };
