import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// The least that answers as an MCP server: tools/call for any id, as JSON, or as an event stream on /sse.

const result = `"result":{"content":[{"type":"text","text":"${'x'.repeat(500)}"}]}}`;

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    const id = /"id":(\d+)/.exec(body)?.[1];
    const message = `{"jsonrpc":"2.0","id":${id},${result}`;
    const sse = request.url === '/sse';
    response.writeHead(200, { 'content-type': sse ? 'text/event-stream' : 'application/json' });
    response.end(sse ? `event: message\ndata: ${message}\n\n` : message);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
