import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { ErrorCode, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import { z } from 'zod';
import type { ReferenceTool, ToolRunner } from './tools/tool.ts';

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

/** One page of tools/list as it goes over the wire. */
export interface ToolPage {
  [key: string]: unknown;
  tools: {
    name: string;
    description: string;
    inputSchema: { [key: string]: unknown; type: 'object' };
    annotations: { readOnlyHint: boolean };
  }[];
  nextCursor?: string;
}

/**
 * Cuts a tool list into pages of `pageSize`. The function returned takes the cursor of a page, none for the first;
 * it answers undefined for a cursor that it never gave out.
 */
export function toolPages(
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
