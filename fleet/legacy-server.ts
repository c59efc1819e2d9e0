import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { ErrorCode, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import { z } from 'zod';
import type { ReferenceTool, ToolRunner } from './tools/tool.ts';

// Shared, because it is the most expensive part of a server, and a stateless endpoint needs a server per request.
const jsonSchemaValidator = new AjvJsonSchemaValidator();

/**
 * Returns a function that creates a server of the first-generation SDK, for the revisions up to 2025-11-25.
 *
 * @param pageSize Tools per page of tools/list. Without it the SDK's own handler lists all tools in one page.
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
        if (page === undefined) throw new McpError(ErrorCode.InvalidParams, 'this server did not issue the cursor');
        return page;
      });
    }
    return server;
  };
}

/** One page of tools/list in its wire format. */
type ToolPage = {
  [key: string]: unknown;
  tools: {
    name: string;
    description: string;
    inputSchema: { [key: string]: unknown; type: 'object' };
    annotations: { readOnlyHint: boolean };
  }[];
  nextCursor?: string;
};

/**
 * Splits a tool list into pages. The returned function takes the cursor of a page, or undefined for the first page.
 * It returns undefined for a cursor that is not in `nextCursor` of any page.
 */
function toolPages(
  tools: readonly ReferenceTool[],
  pageSize: number,
): (cursor: string | undefined) => ToolPage | undefined {
  const entries = tools.map(({ name, description, input, readOnly }) => ({
    name,
    description,
    inputSchema: { ...z.toJSONSchema(input, { io: 'input' }), type: 'object' as const },
    annotations: { readOnlyHint: readOnly },
  }));
  const pages = new Map<string | undefined, ToolPage>();
  for (let start = 0; start < entries.length; start += pageSize) {
    const end = start + pageSize;
    pages.set(start === 0 ? undefined : cursorAt(start), {
      tools: entries.slice(start, end),
      ...(end < entries.length && { nextCursor: cursorAt(end) }),
    });
  }
  return (cursor) => pages.get(cursor);
}

function cursorAt(offset: number): string {
  return Buffer.from(`tools-from-${offset}`).toString('base64url');
}
