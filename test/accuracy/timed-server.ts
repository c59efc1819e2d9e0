import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { latencyQuantile } from '../../fleet/latency.ts';
import { seededRandom } from '../../fleet/seeded-random.ts';

// An MCP server in a process of its own. The latencies of its calls have a known distribution, and it measures each call
// by its own clock: from the last byte of the request until the answer is handed to the socket. It sends its parent the
// port. When the parent sends an instant (epoch milliseconds), it sends the latencies of all calls that began after it, in
// milliseconds. It ends with its parent.

const MS = [30, 90, 120, 165, 225, 300, 375, 600] as const;
const TOOLS = '{"tools":[{"name":"look","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}]}';
const INITIALIZED =
  '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"timed","version":"1"}}';
const RESULT = '{"content":[{"type":"text","text":"here it is"}]}';

const random = seededRandom(1, 'timed', 'look');
const measured: { readonly atMs: number; readonly ms: number }[] = [];

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    const startMs = performance.now();
    const answer = (result: string) => {
      const id = /"id":(\d+)/.exec(body)?.[1];
      if (id === undefined) return response.writeHead(202).end();
      const json = `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
      response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'timed' });
      return response.end(json);
    };
    if (body.includes('"initialize"')) return answer(INITIALIZED);
    if (body.includes('"tools/list"')) return answer(TOOLS);
    if (!body.includes('"tools/call"')) return answer('{}');
    return setTimeout(
      () => {
        answer(RESULT);
        measured.push({ atMs: performance.timeOrigin + startMs, ms: performance.now() - startMs });
      },
      latencyQuantile(MS, random()),
    );
  });
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () =>
  process.send?.((server.address() as AddressInfo).port),
);
process.on('message', (fromMs: number) => {
  process.send?.(measured.filter(({ atMs }) => atMs >= fromMs).map(({ ms }) => ms));
});
process.on('disconnect', () => process.exit());
