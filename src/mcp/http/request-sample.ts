import type { Link } from '../../net/guarded-connector.ts';
import type { Outcome } from '../../sample/outcome.ts';
import type { Sample } from '../../sample/sample.ts';
import type { ExchangeRequest, JudgedExchange } from './exchange-request.ts';
import type { Expiring } from './in-flight-requests.ts';

/** What is known of a request and its reply so far; when nothing more can come, it is the sample. */
export abstract class RequestSample implements Sample, JudgedExchange, Omit<Expiring, 'onDeadline'> {
  readonly kind = 'request';
  readonly request: ExchangeRequest;
  readonly startMs: number;
  /** When something last arrived, epoch. */
  lastActivityMs: number;
  dueMs = Number.POSITIVE_INFINITY;
  place = -1;
  /** The connection that carries the request, once there is one. */
  link: Link | undefined;
  readonly lagMs: number;
  outcome: Outcome = 'CLIENT_ABORT';
  message = '';
  durationMs = 0;
  socketMs: number | undefined;
  connectMs: number | undefined;
  tlsMs: number | undefined;
  headersMs: number | undefined;
  firstEventMs: number | undefined;
  closeMs: number | undefined;
  bytes = 0;
  flags: number;
  /** 0 until the reply's headers are there. */
  status = 0;
  replyHeaders: JudgedExchange['replyHeaders'] = {};
  result: unknown;
  error: unknown;

  /** Epoch milliseconds. */
  protected readonly now: () => number;

  /** @param now epoch milliseconds */
  constructor(request: ExchangeRequest, now: () => number) {
    this.request = request;
    this.flags = request.flags;
    this.now = now;
    this.startMs = now();
    this.lagMs = request.intendedMs === undefined ? 0 : Math.max(0, this.startMs - request.intendedMs);
    this.lastActivityMs = this.startMs;
  }

  get operation(): number {
    return this.request.operation;
  }
  get vu(): number {
    return this.request.vu;
  }
  get iteration(): number {
    return this.request.iteration;
  }

  /** Milliseconds from the start to now. */
  protected sinceStart(): number {
    return this.now() - this.startMs;
  }

  /** The same when something arrives. */
  protected touch(): number {
    this.lastActivityMs = this.now();
    return this.lastActivityMs - this.startMs;
  }

  /** Takes note of an event of the reply's stream, right after it arrived. */
  onEvent(): void {
    this.firstEventMs ??= this.lastActivityMs - this.startMs;
  }

  /** @param atMs when its connection took the request, from the start */
  protected takeConnection(atMs: number): void {
    this.socketMs = atMs;
    const fresh = this.link?.fresh;
    if (this.link === undefined || fresh === undefined) return;
    this.link.fresh = undefined;
    this.connectMs = fresh.connectMs;
    this.tlsMs = fresh.tlsMs;
  }
}
