import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Admission } from './authentication.ts';
import type { McpEndpoint } from './endpoints.ts';
import { answerJson, answerRpcError, observeAnswer, readBody } from './http-messages.ts';
import { type LatencySource, pause } from './latency.ts';
import { operationOf, type ServerStats } from './server-stats.ts';

/** Longer than any think time, so that the server does not close a connection that a client is about to reuse. */
const KEEP_ALIVE_MS = 65_000;

export type ReferenceServerOptions = {
  readonly name: string;
  /** On 127.0.0.1; 0 takes any free port. */
  readonly port: number;
  readonly endpoint: McpEndpoint;
  readonly admission: Admission;
  readonly stats: ServerStats;
  readonly latencyMs: LatencySource;
  readonly toolNames: ReadonlySet<string>;
  /** Serves `POST /token`. Without it the server has no token endpoint. */
  readonly answerToken?: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
};

export type ReferenceServer = {
  /** Without a trailing slash. */
  readonly origin: string;
  /** Closes the port and every connection, but not the endpoint: the caller that created it closes it. */
  stop(): Promise<void>;
};

/**
 * Listens on 127.0.0.1 and serves `/mcp`, `GET /stats`, `POST /stats/reset` and, with a token endpoint, `POST /token`.
 * Counting, authentication and latency happen here. The SDK behind the endpoint only answers MCP messages.
 *
 * @throws Error if the port is in use.
 */
export async function startReferenceServer(options: ReferenceServerOptions): Promise<ReferenceServer> {
  const { name, port } = options;
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      // The usual cause is a client that disconnected while it sent its body. For any other cause the client gets a 500.
      if (response.headersSent) response.destroy();
      else answerRpcError(response, 500, -32603, error instanceof Error ? error.message : String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const message = `port ${port} for ${name} is in use on 127.0.0.1; choose another port, or 0 for any free port`;
      reject(error.code === 'EADDRINUSE' ? new Error(message) : error);
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  options: ReferenceServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const arrivedAtMs = performance.now();
  const path = request.url?.split('?', 1)[0];
  if (path === '/mcp') return answerMcp(options, request, response, arrivedAtMs);
  const route = `${request.method} ${path}`;
  if (route === 'GET /stats') return answerJson(response, 200, options.stats.snapshot());
  if (route === 'POST /stats/reset') {
    options.stats.reset();
    return answerJson(response, 200, options.stats.snapshot());
  }
  if (route === 'POST /token' && options.answerToken) return options.answerToken(request, response);
  const routes = ['/mcp', 'GET /stats', 'POST /stats/reset', ...(options.answerToken ? ['POST /token'] : [])];
  answerJson(response, 404, { error: `${route} does not exist; this server has ${routes.join(', ')}` });
}

async function answerMcp(
  { endpoint, admission, stats, latencyMs, toolNames }: ReferenceServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  arrivedAtMs: number,
): Promise<void> {
  const isPreflight = request.headers['user-agent']?.endsWith('(preflight)') === true;
  // The operation is known after the body is read. A client that disconnects earlier counts as `(other)`.
  let operation = operationOf(request.method, undefined, toolNames);
  observeAnswer(response, request.method === 'GET' ? 'headers' : 'end', (result) => {
    if (isPreflight) stats.preflighted(operation);
    else if (result.kind === 'aborted') stats.aborted(operation);
    else stats.answered(operation, result.httpStatus, result.answeredAtMs - arrivedAtMs, result.failed);
  });

  let body: unknown;
  if (request.method === 'POST') {
    const text = await readBody(request);
    if (text === undefined) {
      return answerRpcError(response, 413, -32600, 'The body is longer than 1 MiB', { connection: 'close' });
    }
    body = parseJson(text);
    operation = operationOf(request.method, body, toolNames);
  }
  const challenge = admission(request.headers);
  if (challenge !== null) {
    return answerRpcError(response, 401, -32000, 'Unauthorized', { 'www-authenticate': challenge });
  }
  if (request.method === 'POST' && body === undefined) {
    return answerRpcError(response, 400, -32700, 'Parse error: the body is not JSON');
  }
  // A tool call waits in the tool: as on a real server, its event stream opens immediately and only the reply is late.
  if (!operation.startsWith('tools/call:')) {
    const disconnected = new AbortController();
    response.on('close', () => disconnected.abort());
    await pause(latencyMs(operation) - (performance.now() - arrivedAtMs), disconnected.signal);
    if (disconnected.signal.aborted) return;
  }
  await endpoint.handle(request, response, body);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
