import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer as DualEraServer } from '@modelcontextprotocol/server';
import type { McpEndpoint } from './mcp-endpoint.ts';
import type { ReferenceTool } from './tools/demo-tool.ts';
import type { ToolRunner } from './tools/tool-runner.ts';

/**
 * Serves revision 2026-07-28 and, without sessions, the revisions before it: the second-generation SDK as it comes.
 * GET and DELETE are answered with 405.
 */
export function dualEraEndpoint(name: string, tools: readonly ReferenceTool[], run: ToolRunner): McpEndpoint {
  const handler = createMcpHandler(() => {
    const server = new DualEraServer({ name: `demo-${name}`, version: '1.0.0' });
    for (const tool of tools) {
      server.registerTool(
        tool.name,
        { description: tool.description, inputSchema: tool.input, annotations: { readOnlyHint: tool.readOnly } },
        (args, context) => run(tool, args, context.mcpReq.signal),
      );
    }
    return server;
  });
  const handle = toNodeHandler(handler);
  return {
    // The adapter's type and node's disagree about `undefined` under exactOptionalPropertyTypes.
    handle: (request, response, body) => handle(request as NodeIncomingMessageLike, response, body),
    close: () => handler.close(),
  };
}
