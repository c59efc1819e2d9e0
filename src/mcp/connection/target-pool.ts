import { type Client, Pool } from 'undici';
import { type GuardedConnectorOptions, guardedConnector } from '../../net/guarded-connector.ts';
import type { Target } from '../../plan/target-schema.ts';
import { LinkedClient } from './linked-client.ts';

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
