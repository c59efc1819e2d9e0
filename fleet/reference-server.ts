import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Admission } from './authentication.ts';
import type { McpEndpoint } from './endpoints.ts';
import { answerJson, answerRpcError, observeAnswer, readBody } from './http-messages.ts';
import { type LatencySource, pause } from './latency.ts';
import { operationOf, type ServerStats } from './server-stats.ts';

// Longer than the think time of any virtual user, so that a reused connection does not meet its own end.
const keepAliveMs = 65_000;

export interface ReferenceServerOptions {
  readonly name: string;
  /** On 127.0.0.1; 0 takes any free one. */
  readonly port: number;
  readonly endpoint: McpEndpoint;
  readonly admission: Admission;
  readonly stats: ServerStats;
  readonly latencyMs: LatencySource;
  readonly toolNames: ReadonlySet<string>;
  /** Serves `POST /token`, if the server has a token endpoint. */
  readonly answerToken?: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

export interface ReferenceServer {
  /** Without a trailing slash. */
  readonly origin: string;
  /** Closes the port and every connection. The endpoint behind it is its owner's to close. */
  stop(): Promise<void>;
}

/**
 * Listens on loopback and serves `/mcp`, `GET /stats`, `POST /stats/reset` and perhaps `POST /token`. Counting,
 * authentication and latency happen here, outside the SDK that answers.
 *
 * @throws Error when the port is taken.
 */
export async function startReferenceServer(options: ReferenceServerOptions): Promise<ReferenceServer> {
  const { name, port } = options;
  const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
    route(options, request, response).catch((error: unknown) => {
      // Most likely the client left in the middle of its body; otherwise it deserves an answer.
      if (response.headersSent) response.destroy();
      else answerRpcError(response, 500, -32603, error instanceof Error ? error.message : String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(taken ? new Error(`port ${port} for ${name} is taken on 127.0.0.1; choose another, or 0 for any`) : error);
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

async function route(
  options: ReferenceServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const arrivedAtMs = performance.now();
  const path = request.url?.split('?', 1)[0];
  if (path === '/mcp') return answerMcp(options, request, response, arrivedAtMs);
  const asked = `${request.method} ${path}`;
  if (asked === 'GET /stats') return answerJson(response, 200, options.stats.snapshot());
  if (asked === 'POST /stats/reset') {
    options.stats.reset();
    return answerJson(response, 200, options.stats.snapshot());
  }
  if (asked === 'POST /token' && options.answerToken) return options.answerToken(request, response);
  const paths = ['/mcp', 'GET /stats', 'POST /stats/reset', ...(options.answerToken ? ['POST /token'] : [])];
  answerJson(response, 404, { error: `nothing is at ${asked}; there is ${paths.join(', ')}` });
}

async function answerMcp(
  { endpoint, admission, stats, latencyMs, toolNames }: ReferenceServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  arrivedAtMs: number,
): Promise<void> {
  const isPreflight = request.headers['user-agent']?.endsWith('(preflight)') === true;
  // The operation is known once the body is read; a client that leaves before that counts as `(other)`.
  let operation = operationOf(request.method, undefined, toolNames);
  observeAnswer(response, request.method === 'GET' ? 'headers' : 'end', (ending) => {
    if (isPreflight) stats.preflighted(operation);
    else if (ending.kind === 'aborted') stats.aborted(operation);
    else stats.answered(operation, ending.httpStatus, ending.answeredAtMs - arrivedAtMs, ending.failed);
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
  // A tool waits by itself, so that its event stream opens at once and only the reply is late, as on a real server.
  if (!operation.startsWith('tools/call:')) {
    const left = new AbortController();
    response.on('close', () => left.abort());
    await pause(latencyMs(operation) - (performance.now() - arrivedAtMs), left.signal);
    if (left.signal.aborted) return;
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
