import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { ErrorCode, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import type { ReferenceTool } from './tools/demo-tool.ts';
import { toolPages } from './tools/tool-pages.ts';
import type { ToolRunner } from './tools/tool-runner.ts';

// Building a validator costs more than everything else here, and a stateless endpoint needs a server per request.
const jsonSchemaValidator = new AjvJsonSchemaValidator();

/**
 * Makes the factory of a server of the revisions up to 2025-11-25, on the first-generation SDK.
 *
 * @param pageSize Tools on a page of tools/list. The SDK lists everything at once, so a list in pages replaces its own.
 */
export function legacyServerFactory(
  name: string,
  tools: readonly ReferenceTool[],
  run: ToolRunner,
  pageSize?: number,
): () => McpServer {
  const pages = pageSize === undefined ? undefined : toolPages(tools, pageSize);
  return () => {
    const server = new McpServer({ name: `demo-${name}`, version: '1.0.0' }, { jsonSchemaValidator });
    for (const tool of tools) {
      server.registerTool(
        tool.name,
        { description: tool.description, inputSchema: tool.input, annotations: { readOnlyHint: tool.readOnly } },
        (args, { signal }) => run(tool, args, signal),
      );
    }
    if (pages !== undefined) {
      server.server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
        const page = pages(params?.cursor);
        if (page === undefined) throw new McpError(ErrorCode.InvalidParams, 'cursor is not one that this server gave');
        return page;
      });
    }
    return server;
  };
}
