import { Client, type Dispatcher, Pool } from 'undici';
import {
  type GuardedConnector,
  type GuardedConnectorOptions,
  guardedConnector,
  type Link,
} from '../../net/guarded-connector.ts';
import type { Target } from '../../plan/target-schema.ts';
import { Exchange } from './exchange.ts';
import type { ExchangeHost, ExchangeRequest } from './exchange-request.ts';
import { InFlightRequests } from './in-flight-requests.ts';

/** Takes the link of the connection that a request was given to, before the request starts. */
export type LinkedHandler = Dispatcher.DispatchHandler & { link: Link | undefined };

/** One connection of a pool, made anew when it breaks. It tells each request which one it is. */
export class LinkedClient extends Client {
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

/** Where connections may lead, and what tests put in the place of the system's look-up and authorities. */
export type TargetPoolOptions = Pick<GuardedConnectorOptions, 'addresses' | 'lookup' | 'ca'>;

/** Longest body of a reply; a server that streams without end must not take all memory. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;

/** Requests that share an HTTP/2 connection before there is another: what RFC 9113 §6.5.2 asks of servers at least. */
const MAX_STREAMS = 100;

/** The connections of one process to one target; its handlers must be LinkedHandlers. */
export function targetPool(target: Target, options: TargetPoolOptions): Pool {
  const connect = guardedConnector({ ...options, timeoutMs: target.timeouts.connect, http2: target.http2 });
  return new Pool(new URL(target.url).origin, {
    connections: target.maxConnections,
    connect,
    factory: (origin, clientOptions: Client.Options) => new LinkedClient(origin, clientOptions, connect),
    // Over HTTP/1.1 a request has its connection for itself.
    pipelining: 1,
    allowH2: target.http2,
    h2Options: { maxConcurrentStreams: MAX_STREAMS },
    // Exchanges keep their own time; undici's timers would cut silent streams.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: MAX_REPLY_BYTES,
    keepAliveTimeout: 60_000,
  });
}

export type TargetConnectionOptions = TargetPoolOptions & {
  /** Epoch milliseconds, as the samples' clock. */
  readonly now: () => number;
  /** Takes every exchange once it is complete; none is ever left out. */
  readonly onExchange: (exchange: Exchange) => void;
};

/**
 * The connections of one process to one target, and the exchanges under way on them. Follows no redirects and retries
 * nothing, so that a sample is what the target did with one request; only over HTTP/2 does undici send once more what
 * the server says it has not begun (RFC 9113 §8.7). Sends no Accept-Encoding and decompresses nothing: a reply's bytes
 * and times are those of the text itself, and a server that compresses unasked is found out.
 */
export class TargetConnection {
  readonly #pool: Pool;
  readonly #path: string;
  readonly #host: ExchangeHost<Exchange>;
  readonly #underWay: InFlightRequests<Exchange>;
  #whenIdle: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  #bug: Error | undefined;

  constructor(target: Target, options: TargetConnectionOptions) {
    const url = new URL(target.url);
    this.#path = `${url.pathname}${url.search}`;
    const onBug = (error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      this.#bug ??= new Error(`A request to ${url.origin} failed in mcp-surge itself: ${text}`, { cause: error });
    };
    this.#underWay = new InFlightRequests(options.now);
    this.#host = {
      now: options.now,
      underWay: this.#underWay,
      timeouts: target.timeouts,
      cutsHeldStreams: target.heldStreams === 'cut',
      onFinished: (exchange) => {
        try {
          options.onExchange(exchange);
        } catch (error) {
          onBug(error);
        }
        if (this.#underWay.size === 0) this.#whenIdle?.();
      },
      onBug,
    };
    this.#pool = targetPool(target, options);
  }

  /**
   * Begins an exchange: its clock runs, but nothing is sent before dispatch.
   * @throws when an earlier exchange met a bug of ours: no more load may be made on wrong figures
   */
  prepare(request: ExchangeRequest): Exchange {
    if (this.#bug !== undefined) throw this.#bug;
    return new Exchange(request, this.#host);
  }

  /** Sends an exchange; its `settled` tells when there is an answer or a failure. */
  dispatch(exchange: Exchange): void {
    const { method, headers, body } = exchange.request;
    this.#pool.dispatch({ path: this.#path, method, headers: headers as string[], body }, exchange);
  }

  /**
   * Ends every request under way as CLIENT_ABORT, which counts neither for nor against the target.
   * @param isMeant tells of whose requests, by the number of a virtual user; of everybody's without it
   */
  abortAll(reason: string, isMeant?: (vu: number) => boolean): void {
    for (const exchange of this.#underWay.all()) {
      if (isMeant?.(exchange.vu) !== false) exchange.abort('CLIENT_ABORT', reason);
    }
  }

  /**
   * Waits for the samples of all requests under way, then closes the connections.
   * @throws (rejects) when an exchange met a bug of ours
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#underWay.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    await this.#pool.destroy();
    if (this.#bug !== undefined) throw this.#bug;
  }
}
