import { Client, type Dispatcher, Pool } from 'undici';
import {
  type GuardedConnector,
  type GuardedConnectorOptions,
  guardedConnector,
  type Link,
} from '../../net/guarded-connector.ts';
import type { Target } from '../../plan/target-schema.ts';
import { SAMPLE_FLAG } from '../../sample/block.ts';
import type { CutOutcome } from '../../sample/outcome.ts';
import { type LoadGate, OPEN_GATE } from '../../traffic/fence.ts';
import { ContinuedCalls } from './continued-calls.ts';
import { Exchange } from './exchange.ts';
import type { ExchangeHost, ExchangeRequest } from './exchange-request.ts';
import { InFlightRequests } from './in-flight-requests.ts';
import type { Judgement } from './json-rpc.ts';
import { outOfMemory, type ReplyMemory } from './reply-memory.ts';
import { ResendingHandler } from './resending-handler.ts';

export type TargetConnectionOptions = TargetPoolOptions & {
  /** Epoch milliseconds, as the samples' clock. */
  readonly now: () => number;
  /** Takes every exchange once its sample is complete; none is left out. */
  readonly onExchange: (exchange: Exchange) => void;
  /** Without one, requests may be sent at any time. */
  readonly gate?: LoadGate;
  /** What the replies under way of the whole process hold. */
  readonly memory: ReplyMemory;
};

/**
 * The connections of one process to one target, and the exchanges in flight on them.
 *
 * It follows no redirects and repeats no requests, so that a sample shows what the target did with one request. Only over
 * HTTP/2 is a request sent anew that the server says it has not begun (RFC 9113 §8.7). No Accept-Encoding is sent and nothing is decompressed: bytes and times are those of the text itself, and a server that compresses without
 * being asked is reported.
 */
export class TargetConnection {
  readonly #pool: Pool;
  readonly #path: string;
  readonly #http2: boolean;
  readonly #maxConnections: number | undefined;
  readonly #host: ExchangeHost<Exchange>;
  readonly #inFlight: InFlightRequests<Exchange>;
  readonly #continued: ContinuedCalls;
  /** The exchanges that hold memory for their requests. */
  readonly #largeRequests = new Set<Exchange>();
  #whenIdle: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  #bug: Error | undefined;
  #hasWarned = false;

  constructor(target: Target, options: TargetConnectionOptions) {
    const url = new URL(target.url);
    this.#http2 = target.http2;
    this.#maxConnections = target.maxConnections;
    this.#path = `${url.pathname}${url.search}`;
    const onInternalError = (error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      this.#bug ??= new Error(`A request to ${url.origin} failed in mcp-surge itself: ${text}`, { cause: error });
    };
    const onComplete = (exchange: Exchange) => {
      try {
        options.onExchange(exchange);
      } catch (error) {
        onInternalError(error);
      }
      if (this.#isIdle) this.#whenIdle?.();
    };
    this.#inFlight = new InFlightRequests(options.now);
    this.#continued = new ContinuedCalls(options.now, onComplete);
    this.#host = {
      now: options.now,
      gate: options.gate ?? OPEN_GATE,
      inFlight: this.#inFlight,
      timeouts: target.timeouts,
      limits: { maxReplyBytes: target.maxReplyBytes, memory: options.memory },
      cutsHeldStreams: target.heldStreams === 'cut',
      onFinished: (exchange) => {
        if (this.#largeRequests.delete(exchange)) options.memory.give(exchange.request.body?.length ?? 0);
        if (exchange.continues) this.#continued.hold(exchange);
        else onComplete(exchange);
      },
      onUnreadable: (error) => {
        if (!this.#hasWarned) console.error(`A reply of ${url.origin} could not be read; please report this:`, error);
        this.#hasWarned = true;
      },
      onInternalError,
    };
    this.#pool = targetPool(target, options);
  }

  /**
   * Creates an exchange and starts its clock. Nothing is sent before `dispatch`.
   * @throws if an earlier exchange failed because of a bug in mcp-surge: figures may be wrong then, so no more load is made
   */
  prepare(request: ExchangeRequest): Exchange {
    if (this.#bug !== undefined) throw this.#bug;
    return new Exchange(request, this.#host);
  }

  /** Sends an exchange, if the gate allows it; its `settled` resolves after an answer or a failure. */
  dispatch(exchange: Exchange): void {
    // Without this, a request that must not be sent would still open a connection.
    if (!this.#host.gate.allows(exchange.sample.startMs)) {
      exchange.abort('CLIENT_ABORT', 'the load has ended');
      return;
    }
    const { method, headers, body } = exchange.request;
    if (body !== null && body.length > LARGE_CHARACTERS && !this.#takeMemory(exchange, body.length)) return;
    const options = { path: this.#path, method, headers: headers as string[], body };
    if (this.#http2) new ResendingHandler(exchange, (handler) => this.#pool.dispatch(options, handler)).dispatch();
    else this.#pool.dispatch(options, exchange);
    // A connection takes a request within dispatch, even if it is not open yet.
    if (exchange.link === undefined && !exchange.over && this.#isAtLimit()) exchange.sample.flags |= SAMPLE_FLAG.queued;
  }

  /** Takes the memory of a large request, which is given back with the end of its exchange. @returns false if it failed */
  #takeMemory(exchange: Exchange, bytes: number): boolean {
    const { memory } = this.#host.limits;
    if (!memory.take(bytes)) {
      exchange.abort('CLIENT_LIMIT', outOfMemory(memory));
      return false;
    }
    this.#largeRequests.add(exchange);
    return true;
  }

  /** Whether all connections that the plan allows are in use, when the pool has given a request to none. */
  #isAtLimit(): boolean {
    // Over HTTP/2 requests also wait while the first connection finds out which version the server speaks.
    return !this.#http2 || this.#pool.stats.connected === this.#maxConnections;
  }

  /**
   * Ends a call whose first answer was not its result, so that its sample is complete.
   * @param last the request that brought the result or failed; undefined when nothing more is waited for
   */
  conclude(call: Exchange, judgement: Judgement, last: Exchange | undefined): void {
    this.#continued.conclude(call, judgement, last);
  }

  /**
   * Ends requests in flight, and calls that wait for their result.
   * @param outcome whether the target had all the time that the plan gives
   * @param isMeant selects requests by virtual user number, without their farewells; without it, all end
   */
  abortAll(reason: string, outcome: CutOutcome, isMeant?: (vu: number) => boolean): void {
    for (const exchange of [...this.#inFlight.all(), ...this.#continued.all()]) {
      const { vu, withinMs } = exchange.request;
      if (isMeant !== undefined && (withinMs !== undefined || !isMeant(vu))) continue;
      this.#continued.conclude(exchange, { outcome, message: reason });
      exchange.abort(outcome, reason);
    }
  }

  /**
   * Waits until all requests in flight have ended and their samples were taken, then closes the connections.
   * @throws (rejects) if an exchange failed because of a bug in mcp-surge
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Requests without a sample so far: in flight, about to be sent, or waiting for the result of their call. */
  get open(): number {
    return this.#inFlight.size + this.#continued.size;
  }

  get #isIdle(): boolean {
    return this.open === 0;
  }

  async #close(): Promise<void> {
    if (!this.#isIdle) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    await this.#pool.destroy();
    if (this.#bug !== undefined) throw this.#bug;
  }
}

/** The addresses that connections may lead to. Tests also set a name look-up and certificate authorities. */
export type TargetPoolOptions = Pick<GuardedConnectorOptions, 'addresses' | 'lookup' | 'ca'>;

/** Requests with a longer body hold memory like replies. */
const LARGE_CHARACTERS = 64 * 1024;

/** Requests that share an HTTP/2 connection before another one is opened: the minimum that RFC 9113 §6.5.2 recommends. */
const MAX_STREAMS = 100;

/** The connections of one process to one target. The handlers of its requests must be LinkedHandlers. */
export function targetPool(target: Target, options: TargetPoolOptions): Pool {
  const connect = guardedConnector({ ...options, timeoutMs: target.timeouts.connect, http2: target.http2 });
  return new Pool(new URL(target.url).origin, {
    connections: target.maxConnections,
    connect,
    factory: (origin, clientOptions: Client.Options) => new LinkedClient(origin, clientOptions, connect),
    // Over HTTP/1.1 a request has a connection to itself.
    pipelining: 1,
    allowH2: target.http2,
    h2Options: { maxConcurrentStreams: MAX_STREAMS },
    // Exchanges have deadlines of their own; undici's timers would cut silent streams.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 60_000,
  });
}

/** A handler that takes the link of the connection its request was given to, before the request starts. */
export type LinkedHandler = Dispatcher.DispatchHandler & { link: Link | undefined };

/** One connection of a pool, opened again when it breaks. It gives each request its link. */
class LinkedClient extends Client {
  readonly #link: Link;

  constructor(origin: URL, options: Client.Options, connect: GuardedConnector) {
    const link: Link = { fresh: undefined };
    super(origin, {
      ...options,
      connect: (target, callback) =>
        connect(target, callback, (took) => {
          link.fresh = took;
        }),
    });
    this.#link = link;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: LinkedHandler): boolean {
    handler.link = this.#link;
    return super.dispatch(options, handler);
  }
}
