import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { listenOnLoopback } from '../support/loopback-server.ts';

/** Serves one request of an MCP endpoint; the body is parsed, undefined where there is none. */
export type Endpoint = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<void>;

/** An MCP endpoint on loopback, and what it was asked. */
export type CountedServer = {
  readonly url: string;
  /**
   * How often each operation was requested, named as in reports; GET and DELETE by their method, responses to the server
   * as `response`.
   * @param sender only requests whose User-Agent ends so, e.g. `(load)`
   */
  counts(sender?: string): Record<string, number>;
  stop(): Promise<void>;
};

type Message = { readonly method?: string; readonly params?: Readonly<Record<string, unknown>> };

/** Serves an endpoint at `/mcp` and counts what arrives, outside the SDK that answers. */
export async function startCountedServer(endpoint: Endpoint): Promise<CountedServer> {
  const seen: { readonly operation: string; readonly sender: string }[] = [];
  const answer: Endpoint = async (request, response) => {
    const body = request.method === 'POST' ? await json(request) : undefined;
    const operation = request.method === 'POST' ? operationOf(body as Message) : String(request.method);
    seen.push({ operation, sender: request.headers['user-agent'] ?? '' });
    await endpoint(request, response, body);
  };
  const server = createServer((request, response) => {
    // A client that leaves in the middle is no fault of the server's; what else goes wrong shows at the client.
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
