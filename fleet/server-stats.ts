import { z } from 'zod';

export interface OperationStats {
  /** Requests that arrived, whatever became of them. */
  readonly count: number;
  /** Answers whose tool result was an error. */
  readonly failures: number;
  /** Answers by HTTP status; `aborted` counts requests whose client left before the answer was complete. */
  readonly httpStatus: Readonly<Record<string, number>>;
  /** Over complete answers that were no error of HTTP or of the tool, from arrival to the last byte; null while there is none. */
  readonly latencyMs: DurationSummaryMs | null;
  /** Over the other complete answers. */
  readonly failedLatencyMs: DurationSummaryMs | null;
}

/** What a server itself saw since it started or was reset: the other side of the ledger. */
export interface ServerStatsSnapshot {
  readonly server: string;
  readonly operations: Readonly<Record<string, OperationStats>>;
  /** Counts of requests whose User-Agent says that they are a preflight: a look before the load, not part of it. */
  readonly preflight: Readonly<Record<string, number>>;
  readonly sessions: { readonly opened: number; readonly closed: number; readonly open: number };
  readonly tokens: { readonly issued: number };
  /** Requests that were refused with 401. */
  readonly unauthorized: number;
}

interface OperationCounts {
  count: number;
  failures: number;
  readonly httpStatus: Record<string, number>;
  readonly durationsMs: number[];
  readonly failedDurationsMs: number[];
}

/** Counts of one server. Keeps every duration, eight bytes each, so that its percentiles are exact. */
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

  /** A request was answered completely, `durationMs` after it arrived. */
  answered(operation: string, httpStatus: number, durationMs: number, failed: boolean): void {
    const counts = this.#count(operation, String(httpStatus));
    (failed || httpStatus >= 400 ? counts.failedDurationsMs : counts.durationsMs).push(durationMs);
    if (failed) counts.failures++;
    if (httpStatus === 401) this.#unauthorized++;
  }

  /** A request of a preflight ended, whatever became of it. */
  preflighted(operation: string): void {
    this.#preflight.set(operation, (this.#preflight.get(operation) ?? 0) + 1);
  }

  /** The client left before its answer was complete. */
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

  /** Starts counting anew. Sessions that are open stay open and stay counted as such. */
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

  #count(operation: string, ending: string): OperationCounts {
    let counts = this.#operations.get(operation);
    if (counts === undefined) {
      counts = { count: 0, failures: 0, httpStatus: {}, durationsMs: [], failedDurationsMs: [] };
      this.#operations.set(operation, counts);
    }
    counts.count++;
    counts.httpStatus[ending] = (counts.httpStatus[ending] ?? 0) + 1;
    return counts;
  }
}

const message = z.object({ method: z.string(), params: z.object({ name: z.unknown() }).partial().optional() });

/** Methods with a row of their own; anything else a client makes up shares one, so that the rows stay few. */
const knownMethods = new Set([
  'initialize',
  'notifications/initialized',
  'notifications/cancelled',
  'tools/list',
  'ping',
  'server/discover',
]);

/**
 * The operation that an HTTP request to `/mcp` counts as: `GET` or `DELETE`, else the JSON-RPC method of the body,
 * for a tool call with the tool's name (`tools/call:get_me`). `tools/call:(unknown)` for a tool that is not among
 * `toolNames`, and `(other)` for everything that fits nowhere: unknown methods, batches, replies and broken bodies.
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

export interface DurationSummaryMs {
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Exact figures over all durations in milliseconds, rounded to a microsecond. A percentile is the nearest rank: the
 * smallest duration that at least that share of all durations does not exceed, so always one that occurred.
 * Null when there are no durations.
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
