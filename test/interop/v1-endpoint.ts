import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolRequestSchema,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { sessionEndpoint } from './session-endpoint.ts';
import type { Endpoint } from './start-counted-server.ts';

/** Requests of the server's, by the tools that send them. */
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

/** On how many pages resources/list comes, one resource each. */
const PAGES = 3;

/**
 * A server of the first-generation SDK, with sessions, whose tools ask the client for something and tell what they were
 * answered: over the stream of the call or, with `aside`, over the one that the client opened by GET.
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
