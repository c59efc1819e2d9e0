import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export type HttpListener = {
  readonly port: number;
  /** Accepts no further connection or request. Responses get `graceMs` to finish, then all connections are closed. */
  close(graceMs: number): Promise<void>;
};

/**
 * Listens on 127.0.0.1; port 0 takes any free one. When `handle` rejects, the response is a 500 with an empty body.
 * @throws Error naming the port when it is taken
 */
export async function listenHttp(
  port: number,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  failed: (error: unknown) => void,
): Promise<HttpListener> {
  let isClosing = false;
  const server = createServer((request, response) => {
    if (isClosing) {
      request.socket.destroy();
      return;
    }
    // A connection that a client keeps open must not delay close().
    response.once('close', () => isClosing && setImmediate(() => server.closeIdleConnections()));
    handle(request, response).catch((error: unknown) => {
      // A destroyed response means that the caller has disconnected.
      if (response.destroyed) return;
      failed(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, {}).end();
    });
  });
  // A function may take any time to answer. Its limit is functionTimeout.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `Port ${port} is in use on 127.0.0.1. Stop the process that uses it, or choose another port.`;
      reject(error.code === 'EADDRINUSE' ? new Error(taken, { cause: error }) : error);
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close(graceMs) {
      isClosing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = new AbortController();
      await Promise.race([closed, delay(graceMs, undefined, { signal: cut.signal }).catch(() => undefined)]);
      cut.abort();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The largest request body that the Functions host accepts. */
const BODY_LIMIT_BYTES = 104_857_600;

/** The whole body of a request, or undefined as soon as it exceeds 100 MiB. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_LIMIT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
