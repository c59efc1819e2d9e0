import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { answerRpcError } from './answer-json.ts';
import type { McpEndpoint } from './mcp-endpoint.ts';

/** Serves every POST by a server of its own, without sessions, and replies in plain JSON. */
export function statelessEndpoint(createServer: () => McpServer): McpEndpoint {
  return {
    async handle(request, response, body) {
      if (request.method !== 'POST') {
        return answerRpcError(response, 405, -32000, 'Method not allowed: this server keeps no sessions, use POST', {
          allow: 'POST',
        });
      }
      const server = createServer();
      const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
      response.on('close', () => void server.close());
      // The SDK's class and its interface disagree about `undefined` under exactOptionalPropertyTypes.
      await server.connect(transport as Transport);
      await transport.handleRequest(request, response, body);
    },
    close: async () => {},
  };
}
