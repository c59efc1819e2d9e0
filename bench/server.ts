import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// A minimal MCP server with sessions. It answers any call with the same result, as JSON, or as an event stream on /sse.
// It sends its parent the port, and ends when the parent does.

const REVISION = '2025-11-25';
const initialized = `"result":{"protocolVersion":"${REVISION}","capabilities":{"tools":{}},"serverInfo":{"name":"bench","version":"1"}}}`;
const tools =
  '"result":{"tools":[{"name":"search","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}]}}';
const result = `"result":{"content":[{"type":"text","text":"${'x'.repeat(500)}"}]}}`;

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    const id = /"id":(\d+)/.exec(body)?.[1];
    if (id === undefined) return void response.writeHead(202).end();
    const sse = request.url === '/sse';
    const message = `{"jsonrpc":"2.0","id":${id},${resultOf(body)}`;
    response.writeHead(200, {
      'content-type': sse ? 'text/event-stream' : 'application/json',
      'mcp-session-id': '6112c247-a634-49f7-bc79-4b2f4b7bde40',
    });
    response.end(sse ? `event: message\ndata: ${message}\n\n` : message);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());

function resultOf(body: string): string {
  if (body.includes('"method":"tools/call"')) return result;
  return body.includes('"method":"initialize"') ? initialized : tools;
}
