import { createServer } from 'node:http';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { listenOnLoopback } from '../support/loopback-server.ts';

/** Starts a server of HTTP+SSE, the transport of revision 2024-11-05, at `/sse`; it takes no POST there. */
export async function startHttpSseServer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const transports = new Map<string, SSEServerTransport>();
  const http = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(String(request.url), 'http://127.0.0.1');
    const known = transports.get(searchParams.get('sessionId') ?? '');
    if (pathname === '/messages' && known !== undefined) return known.handlePostMessage(request, response);
    if (pathname !== '/sse') return void response.writeHead(404).end();
    if (request.method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end('Method Not Allowed');
    const transport = new SSEServerTransport('/messages', response);
    transports.set(transport.sessionId, transport);
    // The SDK's class and its interface disagree about `undefined` under exactOptionalPropertyTypes.
    await new Server({ name: 'old', version: '1.0.0' }, { capabilities: {} }).connect(transport as Transport);
  });
  const { port, close } = await listenOnLoopback(http);
  return { url: `http://127.0.0.1:${port}/sse`, stop: close };
}
