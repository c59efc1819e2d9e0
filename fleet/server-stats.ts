import { z } from 'zod';

type OperationStats = {
  /** All requests that arrived, with any result. */
  readonly count: number;
  /** Answers with a tool result that was an error. */
  readonly failures: number;
  /** Requests by HTTP status of the answer; `aborted` if the client disconnected before the answer was complete. */
  readonly httpStatus: Readonly<Record<string, number>>;
  /** From arrival to the last byte, for complete answers without an HTTP or tool error. Null if there are none. */
  readonly latencyMs: DurationSummaryMs | null;
  /** The same for complete answers with an HTTP or tool error. */
  readonly failedLatencyMs: DurationSummaryMs | null;
};

/** A server's own counts since its start or last reset. A report's counts of the same run must equal them. */
export type ServerStatsSnapshot = {
  readonly server: string;
  readonly operations: Readonly<Record<string, OperationStats>>;
  /** Requests by operation with a User-Agent that marks them as preflight. They are in no other count of requests. */
  readonly preflight: Readonly<Record<string, number>>;
  readonly sessions: { readonly opened: number; readonly closed: number; readonly open: number };
  readonly tokens: { readonly issued: number };
  /** Requests that got a 401. */
  readonly unauthorized: number;
};

type OperationCounts = {
  count: number;
  failures: number;
  readonly httpStatus: Record<string, number>;
  readonly durationsMs: number[];
  readonly failedDurationsMs: number[];
};

/** Counts the requests, sessions and tokens of one server. Keeps every duration (8 bytes each) for exact percentiles. */
export class ServerStats {
  readonly #server: string;
  readonly #operations = new Map<string, OperationCounts>();
  readonly #preflight = new Map<string, number>();
  #sessionsOpened = 0;
  #sessionsClosed = 0;
  #sessionsOpen = 0;
  #tokensIssued = 0;
  #unauthorized = 0;

  constructor(server: string) {
    this.#server = server;
  }

  /** Counts a complete answer, `durationMs` after its request arrived. */
  answered(operation: string, httpStatus: number, durationMs: number, failed: boolean): void {
    const counts = this.#count(operation, String(httpStatus));
    (failed || httpStatus >= 400 ? counts.failedDurationsMs : counts.durationsMs).push(durationMs);
    if (failed) counts.failures++;
    if (httpStatus === 401) this.#unauthorized++;
  }

  /** Counts a preflight request, with any result. */
  preflighted(operation: string): void {
    this.#preflight.set(operation, (this.#preflight.get(operation) ?? 0) + 1);
  }

  /** Counts a request whose client disconnected before the answer was complete. */
  aborted(operation: string): void {
    this.#count(operation, 'aborted');
  }

  sessionOpened(): void {
    this.#sessionsOpened++;
    this.#sessionsOpen++;
  }

  sessionClosed(): void {
    this.#sessionsClosed++;
    this.#sessionsOpen--;
  }

  tokenIssued(): void {
    this.#tokensIssued++;
  }

  /** Sets all counts to zero except that of open sessions, which stay open. */
  reset(): void {
    this.#operations.clear();
    this.#preflight.clear();
    this.#sessionsOpened = 0;
    this.#sessionsClosed = 0;
    this.#tokensIssued = 0;
    this.#unauthorized = 0;
  }

  snapshot(): ServerStatsSnapshot {
    const operations = [...this.#operations].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      server: this.#server,
      operations: Object.fromEntries(
        operations.map(([operation, { count, failures, httpStatus, durationsMs, failedDurationsMs }]) => {
          const latencyMs = summarizeDurations(durationsMs);
          const failedLatencyMs = summarizeDurations(failedDurationsMs);
          return [operation, { count, failures, httpStatus: { ...httpStatus }, latencyMs, failedLatencyMs }];
        }),
      ),
      preflight: Object.fromEntries(this.#preflight),
      sessions: { opened: this.#sessionsOpened, closed: this.#sessionsClosed, open: this.#sessionsOpen },
      tokens: { issued: this.#tokensIssued },
      unauthorized: this.#unauthorized,
    };
  }

  #count(operation: string, result: string): OperationCounts {
    let counts = this.#operations.get(operation);
    if (counts === undefined) {
      counts = { count: 0, failures: 0, httpStatus: {}, durationsMs: [], failedDurationsMs: [] };
      this.#operations.set(operation, counts);
    }
    counts.count++;
    counts.httpStatus[result] = (counts.httpStatus[result] ?? 0) + 1;
    return counts;
  }
}

const message = z.object({ method: z.string(), params: z.object({ name: z.unknown() }).partial().optional() });

/** Methods that are counted by name. All others count as `(other)`, so that a client cannot add operations at will. */
const knownMethods = new Set([
  'initialize',
  'notifications/initialized',
  'notifications/cancelled',
  'tools/list',
  'ping',
  'server/discover',
]);

/**
 * The operation that an HTTP request to `/mcp` counts as: `GET`, `DELETE`, or the JSON-RPC method of the body. A tool
 * call includes the tool's name (`tools/call:get_me`), or `(unknown)` if the name is not in `toolNames`. Unknown methods,
 * batches, replies and malformed bodies count as `(other)`.
 */
export function operationOf(httpMethod: string | undefined, body: unknown, toolNames: ReadonlySet<string>): string {
  if (httpMethod === 'GET' || httpMethod === 'DELETE') return httpMethod;
  const parsed = message.safeParse(body);
  if (!parsed.success) return '(other)';
  const { method, params } = parsed.data;
  if (method !== 'tools/call') return knownMethods.has(method) ? method : '(other)';
  const name = params?.name;
  return typeof name === 'string' && toolNames.has(name) ? `tools/call:${name}` : 'tools/call:(unknown)';
}

type DurationSummaryMs = {
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
};

/**
 * Exact figures for durations in milliseconds, rounded to a microsecond. A percentile is the nearest rank: the smallest
 * of the durations that at least that share of all durations does not exceed. Null if there are no durations.
 */
export function summarizeDurations(durationsMs: readonly number[]): DurationSummaryMs | null {
  if (durationsMs.length === 0) return null;
  const sorted = Float64Array.from(durationsMs).sort();
  const percentile = (percent: number) => toMicroseconds(sorted[Math.ceil((percent * sorted.length) / 100) - 1]!);
  return {
    min: toMicroseconds(sorted[0]!),
    mean: toMicroseconds(sorted.reduce((sum, durationMs) => sum + durationMs, 0) / sorted.length),
    p50: percentile(50),
    p75: percentile(75),
    p90: percentile(90),
    p95: percentile(95),
    p99: percentile(99),
    max: toMicroseconds(sorted.at(-1)!),
  };
}

function toMicroseconds(durationMs: number): number {
  return Math.round(durationMs * 1000) / 1000;
}
