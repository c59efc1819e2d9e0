import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { listenOnLoopback } from '../support/loopback-server.ts';

/** Serves one request of an MCP endpoint; the body is parsed, undefined where there is none. */
export type Endpoint = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<void>;

/** An MCP endpoint on loopback that counts its requests. */
export type CountedServer = {
  readonly url: string;
  /**
   * Number of requests for each operation, named as in reports. GET and DELETE count by their method, answers to the
   * server as `response`.
   * @param sender only requests whose User-Agent ends with this, e.g. `(load)`
   */
  counts(sender?: string): Record<string, number>;
  stop(): Promise<void>;
};

type Message = { readonly method?: string; readonly params?: Readonly<Record<string, unknown>> };

/** Serves an endpoint at `/mcp`. Counts the requests outside the SDK that answers them. */
export async function startCountedServer(endpoint: Endpoint): Promise<CountedServer> {
  const seen: { readonly operation: string; readonly sender: string }[] = [];
  const answer: Endpoint = async (request, response) => {
    const body = request.method === 'POST' ? await json(request) : undefined;
    const operation = request.method === 'POST' ? operationOf(body as Message) : String(request.method);
    seen.push({ operation, sender: request.headers['user-agent'] ?? '' });
    await endpoint(request, response, body);
  };
  const server = createServer((request, response) => {
    // A client may disconnect in the middle, which is no error. Every other error is seen by the client.
    answer(request, response, undefined).catch(() => response.destroy());
  });
  const { port, close } = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    counts: (sender = '') => {
      const counts: Record<string, number> = {};
      for (const { operation } of seen.filter((one) => one.sender.endsWith(sender))) {
        counts[operation] = (counts[operation] ?? 0) + 1;
      }
      return counts;
    },
    stop: close,
  };
}

function operationOf({ method, params = {} }: Message): string {
  switch (method) {
    case undefined:
      return 'response';
    case 'tools/call':
    case 'prompts/get':
      return `${method}:${params.name}`;
    case 'resources/read':
      return `${method}:${params.uri}`;
    case 'completion/complete': {
      const { name, uri } = params.ref as { name?: string; uri?: string };
      return `${method}:${name ?? uri}`;
    }
  }
  return method;
}

/** The session options of the transports in both generations of the SDK. */
type SessionHooks = {
  readonly sessionIdGenerator: () => string;
  readonly onsessioninitialized: (id: string) => void;
  readonly onsessionclosed: (id: string) => void;
};

type SessionTransport = { readonly handleRequest: Endpoint };

/**
 * Makes an endpoint that keeps a transport for each session.
 * @param open makes a transport with its own server behind it
 */
export function sessionEndpoint(open: (hooks: SessionHooks) => Promise<SessionTransport>): Endpoint {
  const sessions = new Map<string, SessionTransport>();
  return async (request, response, body) => {
    const known = sessions.get(String(request.headers['mcp-session-id']));
    if (known !== undefined) return known.handleRequest(request, response, body);
    const transport = await open({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await transport.handleRequest(request, response, body);
  };
}
