import { z } from 'zod';
import type { ReferenceTool } from './demo-tool.ts';

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
