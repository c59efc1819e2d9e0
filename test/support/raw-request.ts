import type { Dispatcher, Pool } from 'undici';
import type { LinkedHandler } from '../../src/mcp/http/target-connection.ts';
import type { Link } from '../../src/net/guarded-connector.ts';

/** What a request led to that was given directly to a pool. */
export type RawOutcome = {
  /** 0 without a reply. */
  readonly status: number;
  readonly body: Buffer;
  readonly error: (Error & { readonly code?: string }) | undefined;
  readonly link: Link | undefined;
  /** How long opening the connection took, if this was the first request on it. */
  readonly took: Link['fresh'];
  /** From the dispatch until a connection took the request. */
  readonly socketMs: number | undefined;
};

/** Sends a request. @param onStart called when a connection takes it; an error thrown there drops the request */
export function rawRequest(
  pool: Pool,
  options: Partial<Dispatcher.DispatchOptions> = {},
  onStart: () => void = () => {},
): Promise<RawOutcome> {
  const { promise, resolve } = Promise.withResolvers<RawOutcome>();
  const startMs = performance.now();
  const chunks: Buffer[] = [];
  let status = 0;
  let took: Link['fresh'];
  let socketMs: number | undefined;
  const end = (error?: Error) =>
    resolve({ status, body: Buffer.concat(chunks), error, link: handler.link, took, socketMs });
  const handler: LinkedHandler = {
    link: undefined,
    onRequestStart() {
      onStart();
      socketMs = performance.now() - startMs;
      took = handler.link?.fresh;
      if (handler.link !== undefined) handler.link.fresh = undefined;
    },
    onResponseStart(_, code) {
      status = code;
    },
    onResponseData(_, chunk) {
      chunks.push(chunk);
    },
    onResponseEnd: () => end(),
    onResponseError: (_, error) => end(error),
  };
  pool.dispatch({ path: '/mcp', method: 'POST', body: '{}', ...options }, handler);
  return promise;
}
