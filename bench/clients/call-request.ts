/** Headers and body of a call as mcp-surge sends it, for clients that speak only HTTP. */
export const callHeaders = {
  'user-agent': 'mcp-surge/0.1.0 (load)',
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2025-11-25',
  'mcp-session-id': '6112c247-a634-49f7-bc79-4b2f4b7bde40',
} as const;

export function callBody(id: number): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"search","arguments":{"query":"anything"}}}`;
}
