import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { listenOnLoopback } from '../support/loopback-server.ts';

/** An MCP server that keeps its own count of what it gets. */
export type CountingTarget = {
  readonly url: string;
  /** When each tool call arrived, epoch milliseconds, ascending. */
  readonly callsMs: readonly number[];
  /** When each request of any kind arrived, epoch milliseconds, ascending. */
  readonly requestsMs: readonly number[];
  stop(): Promise<void>;
};

const LATENCY_MS = 15;

/** Starts a server of the first era with one tool, `look`, that only reads. */
export async function startCountingTarget(): Promise<CountingTarget> {
  const callsMs: number[] = [];
  const requestsMs: number[] = [];
  const server = createServer((request, response) => {
    requestsMs.push(Date.now());
    void answer(request, response, callsMs).catch(() => response.destroy());
  });
  const { port, close } = await listenOnLoopback(server);
  return { url: `http://127.0.0.1:${port}/mcp`, callsMs, requestsMs, stop: close };
}

async function answer(request: IncomingMessage, response: ServerResponse, callsMs: number[]): Promise<void> {
  const arrivedMs = Date.now();
  if (request.method === 'GET') return void response.writeHead(405).end();
  if (request.method === 'DELETE') return void response.writeHead(200).end();
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  const { id, method } = JSON.parse(body) as { id?: number; method: string };
  if (id === undefined) return void response.writeHead(202).end();
  if (method === 'tools/call') {
    callsMs.push(arrivedMs);
    await delay(LATENCY_MS);
  }
  const headers = { 'content-type': 'application/json', 'mcp-session-id': 'chaos' };
  response.writeHead(200, headers).end(JSON.stringify({ jsonrpc: '2.0', id, result: resultOf(method) }));
}

function resultOf(method: string): object {
  switch (method) {
    case 'initialize': {
      const serverInfo = { name: 'counting', version: '1' };
      return { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo };
    }
    case 'tools/list':
      return { tools: [{ name: 'look', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }] };
    default:
      return { content: [{ type: 'text', text: 'seen' }] };
  }
}
