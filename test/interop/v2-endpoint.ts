import { setTimeout as sleep } from 'node:timers/promises';
import {
  type NodeIncomingMessageLike,
  NodeStreamableHTTPServerTransport,
  toNodeHandler,
  toWebRequest,
} from '@modelcontextprotocol/node';
import {
  acceptedContent,
  completable,
  createMcpHandler,
  inputRequired,
  isLegacyRequest,
  McpServer,
  ResourceTemplate,
  type Transport,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { type Endpoint, sessionEndpoint } from './counted-server.ts';

const READ_ONLY = { readOnlyHint: true };
const confirmation = z.object({ sure: z.boolean().default(true), note: z.string().default('as you like') });
const text = (said: string) => ({ content: [{ type: 'text' as const, text: said }] });

/** Called when the server stops work on a call of the tool `wait` because the client has gone or cancelled it. */
type OnCancelled = () => void;

/**
 * The second-generation SDK with its defaults: revision 2026-07-28 and, without sessions, the earlier ones. The server
 * has one of everything that a server may offer.
 */
export function v2Endpoint(onCancelled?: OnCancelled): Endpoint {
  const handle = toNodeHandler(createMcpHandler(() => v2Server(onCancelled)));
  // The adapter's type and node's disagree about `undefined` under exactOptionalPropertyTypes.
  return (request, response, body) => handle(request as NodeIncomingMessageLike, response, body);
}

/** The same, with sessions for the revisions before 2026-07-28. */
export function v2SessionsEndpoint(onCancelled?: OnCancelled): Endpoint {
  const modern = v2Endpoint(onCancelled);
  const legacy = sessionEndpoint(async (hooks) => {
    const transport = new NodeStreamableHTTPServerTransport(hooks);
    await v2Server(onCancelled).connect(transport as Transport);
    return transport;
  });
  return async (request, response, body) => {
    const asked = await toWebRequest(request as NodeIncomingMessageLike, body);
    const endpoint = (await isLegacyRequest(asked)) ? legacy : modern;
    await endpoint(request, response, body);
  };
}

function v2Server(onCancelled: OnCancelled = () => {}): McpServer {
  // An unanswered request times out, so that it does not keep the test's process alive for minutes.
  const options = { inputRequired: { roundTimeoutMs: 5000 } };
  const server = new McpServer({ name: 'second-generation', version: '2.4.0' }, options);
  addTools(server, onCancelled);
  server.registerResource('notes', 'file:///notes.txt', {}, ({ href }) => ({
    contents: [{ uri: href, text: 'note' }],
  }));
  server.registerResource(
    'repo',
    new ResourceTemplate('repo://{owner}', { list: undefined, complete: { owner: (start) => [`${start}cat`] } }),
    {},
    ({ href }) => ({ contents: [{ uri: href, text: `the repositories of ${href}` }] }),
  );
  const languages = (start: string) => ['python', 'pytorch', 'rust'].filter((name) => name.startsWith(start));
  server.registerPrompt(
    'brief',
    { argsSchema: z.object({ language: completable(z.string(), languages) }) },
    ({ language }) => ({ messages: [{ role: 'user', content: { type: 'text', text: `Write ${language}.` } }] }),
  );
  return server;
}

function addTools(server: McpServer, onCancelled: OnCancelled): void {
  server.registerTool(
    'add',
    {
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
      annotations: READ_ONLY,
    },
    ({ a, b }) => ({ ...text(String(a + b)), structuredContent: { sum: a + b } }),
  );
  server.registerTool(
    'wait',
    { inputSchema: z.object({ ms: z.number(), steps: z.int().default(1) }), annotations: READ_ONLY },
    async ({ ms, steps }, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken;
      mcpReq.signal.addEventListener('abort', onCancelled);
      for (let progress = 1; progress <= steps; progress++) {
        await sleep(ms / steps, undefined, { signal: mcpReq.signal });
        if (progressToken === undefined) continue;
        const params = { progressToken, progress, total: steps };
        await mcpReq.notify({ method: 'notifications/progress', params });
      }
      return text(`${ms} ms have passed`);
    },
  );
  server.registerTool('confirm', { annotations: READ_ONLY }, ({ mcpReq }) => {
    const answer = acceptedContent(mcpReq.inputResponses, 'sure', confirmation);
    if (answer !== undefined) return text(`${answer.sure}, ${answer.note}, ${mcpReq.requestState<string>()}`);
    const sure = inputRequired.elicit({ message: 'Sure?', requestedSchema: confirmation });
    return inputRequired({ inputRequests: { sure }, requestState: 'asked "once" ☂' });
  });
  server.registerTool('insist', { annotations: READ_ONLY }, () => {
    const signature = inputRequired.elicit({ message: 'Sign here', requestedSchema: z.object({ name: z.string() }) });
    return inputRequired({ inputRequests: { signature } });
  });
  server.registerTool(
    'route',
    {
      inputSchema: z.object({
        region: z.string().meta({ 'x-mcp-header': 'Region' }),
        hops: z.int().optional().meta({ 'x-mcp-header': 'Hops' }),
      }),
      annotations: READ_ONLY,
    },
    (_, { http }) => text(`${http?.req?.headers.get('mcp-param-region')} ${http?.req?.headers.get('mcp-param-hops')}`),
  );
}
