import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fixedAuthorizer } from '../mcp/auth/authorizer.ts';
import { ReplyMemory } from '../mcp/http/reply-memory.ts';
import { TargetConnection } from '../mcp/http/target-connection.ts';
import { callTool } from '../mcp/operations/call-tool.ts';
import { LegacySession } from '../mcp/session/legacy-session.ts';
import { ExtraRequests } from '../mcp/session/server-requests.ts';
import { ToolIndex } from '../mcp/session/session.ts';
import { targetSchema } from '../plan/target-schema.ts';
import { Recorder } from '../sample/recorder.ts';
import { systemClock } from '../traffic/clock.ts';

const SESSIONS = 40;
const CALLS = 5;
const PROTOCOL_VERSION = '2025-11-25';

let warm: Promise<void> | undefined;

/**
 * Runs some sessions through the whole client, against a server in this process, once per process. The first requests of
 * a process take several milliseconds longer, because the engine has not compiled the code yet; that must not count
 * against a target. Takes about a quarter of a second. Does not reject: a process in which it fails only stays cold.
 */
export function warmUp(): Promise<void> {
  warm ??= rehearse().catch((error: unknown) =>
    console.warn('Warming up the client failed; the first requests may be slower:', error),
  );
  return warm;
}

async function rehearse(): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  try {
    const { port } = server.address() as AddressInfo;
    await Promise.all([runSessions(`http://127.0.0.1:${port}/json`), runSessions(`http://127.0.0.1:${port}/sse`)]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function runSessions(url: string): Promise<void> {
  const recorder = new Recorder(
    systemClock.now(),
    () => {},
    (text) => text,
  );
  const target = targetSchema.parse({ url, protocol: PROTOCOL_VERSION });
  const connection = new TargetConnection(target, {
    now: systemClock.now,
    onExchange: (exchange) => recorder.add(exchange.sample),
    memory: new ReplyMemory(),
    addresses: { allowLoopback: true, allowedAddresses: [] },
  });
  const call = callTool('tool')('{}');
  const tools = new ToolIndex();
  const extraRequests = new ExtraRequests(1, systemClock);
  for (let vu = 0; vu < SESSIONS; vu++) {
    const session = new LegacySession({
      target,
      connection,
      authorizer: fixedAuthorizer(undefined),
      clock: systemClock,
      tools,
      extraRequests,
      userAgent: 'mcp-surge (warm-up)',
      operation: (name, kind) => recorder.operation('warm-up', name, kind),
      onRejected: () => {},
      rejected: new AbortController().signal,
      ended: new AbortController().signal,
    });
    await session.open({ vu, iteration: 0 });
    for (let iteration = 0; iteration < CALLS; iteration++) {
      await session.request(call, { vu, iteration });
    }
    await session.close({ vu, iteration: CALLS });
  }
  await connection.close();
}

/** Answers like an MCP server with sessions; as JSON or as an event stream, depending on the path. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    if (request.method === 'DELETE') return void response.writeHead(200).end();
    const { id, method } = JSON.parse(body) as { id?: number; method: string };
    if (id === undefined) return void response.writeHead(202).end();
    const message = JSON.stringify({ jsonrpc: '2.0', id, result: resultOf(method) });
    const sse = request.url === '/sse';
    response.writeHead(200, {
      'content-type': sse ? 'text/event-stream' : 'application/json',
      'mcp-session-id': 'warm-up',
    });
    response.end(sse ? `event: message\ndata: ${message}\n\n` : message);
  });
}

function resultOf(method: string): object {
  if (method === 'initialize')
    return {
      protocolVersion: PROTOCOL_VERSION,
      capabilities: { tools: {} },
      serverInfo: { name: 'warm-up', version: '1' },
    };
  if (method === 'tools/list')
    return { tools: [{ name: 'tool', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }] };
  return { content: [{ type: 'text', text: 'warm' }] };
}
