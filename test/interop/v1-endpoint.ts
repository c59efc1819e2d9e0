import { createServer } from 'node:http';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolRequestSchema,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { listenOnLoopback } from '../support/loopback-server.ts';
import { type Endpoint, sessionEndpoint } from './counted-server.ts';

/** The server's requests, by the tools that send them. */
const ASKS = {
  'ask-model': { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } },
  'ask-roots': { method: 'roots/list' },
  'ask-user': {
    method: 'elicitation/create',
    params: {
      message: 'Who?',
      requestedSchema: { type: 'object', properties: { who: { type: 'string', default: 'me' } }, required: ['who'] },
    },
  },
  'ask-whether-there': { method: 'ping' },
} as const;
type Asking = keyof typeof ASKS;

/** Number of pages of resources/list, with one resource each. */
const PAGES = 3;

/**
 * A server of the first-generation SDK, with sessions. Its tools send the client a request and return the answer. The
 * request goes over the stream of the call or, with `aside`, over the stream that the client opened by GET.
 */
export function v1Endpoint(): Endpoint {
  return sessionEndpoint(async (hooks) => {
    const transport = new StreamableHTTPServerTransport(hooks);
    // The SDK's class and its interface disagree about `undefined` under exactOptionalPropertyTypes.
    await askingServer().connect(transport as Transport);
    return transport;
  });
}

function askingServer(): Server {
  const server = new Server(
    { name: 'first-generation', version: '1.0.0' },
    { capabilities: { tools: {}, resources: {} } },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.keys(ASKS).map((name) => ({ name, inputSchema: { type: 'object' as const } })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { sendRequest }) => {
    const ask = ASKS[params.name as Asking];
    const answered =
      params.arguments?.aside === true ? server.request(ask, z.looseObject({})) : sendRequest(ask, z.looseObject({}));
    const said = await answered.then(
      (result) => JSON.stringify(result),
      (error: Error) => error,
    );
    const isError = said instanceof Error;
    return { content: [{ type: 'text', text: isError ? said.message : said }], isError };
  });
  server.setRequestHandler(ListResourcesRequestSchema, ({ params }) => {
    const page = Number(params?.cursor ?? 1);
    const resources = [{ uri: `file:///${page}`, name: String(page) }];
    return page < PAGES ? { resources, nextCursor: String(page + 1) } : { resources };
  });
  return server;
}

/** Starts a server that speaks HTTP+SSE, the transport of revision 2024-11-05, at `/sse`. It refuses POST there. */
export async function startHttpSseServer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const transports = new Map<string, SSEServerTransport>();
  const http = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(String(request.url), 'http://127.0.0.1');
    const known = transports.get(searchParams.get('sessionId') ?? '');
    if (pathname === '/messages' && known !== undefined) return known.handlePostMessage(request, response);
    if (pathname !== '/sse') return void response.writeHead(404).end();
    if (request.method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end('Method Not Allowed');
    const transport = new SSEServerTransport('/messages', response);
    transports.set(transport.sessionId, transport);
    // The SDK's class and its interface disagree about `undefined` under exactOptionalPropertyTypes.
    await new Server({ name: 'old', version: '1.0.0' }, { capabilities: {} }).connect(transport as Transport);
  });
  const { port, close } = await listenOnLoopback(http);
  return { url: `http://127.0.0.1:${port}/sse`, stop: close };
}
