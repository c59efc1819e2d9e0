import { createServer, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { listenDuring } from './loopback-server.ts';

/** How a server behaves once sessions are open: one of the names in {@link CALLS}. */
export type Lie = keyof typeof CALLS;

export type LyingServer = {
  readonly url: string;
  /** Number of `tools/call` that arrived so far. */
  readonly calls: number;
  /** Number of whole replies to them. */
  readonly answered: number;
};

type Message = { readonly method?: string; readonly id?: number };
type Owner = Parameters<typeof listenDuring>[0];

const TOOL = { name: 'look', annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } };
const HONEST_MS = 20;
const PING_MS = 50;
const DRIP_MS = 100;

const said = (text: string, isError = false) => ({ content: [{ type: 'text', text }], isError });
const SEEN = said('Three results were found.');
const ERROR = said('Search failed.', true);
const QUOTA = said('You have reached your monthly quota. Upgrade your plan to continue.');

/** Starts a server of revision 2025-11-25 on loopback, with sessions and the tool `look`. It closes with its owner. */
export async function startLyingServer(owner: Owner, lie: Lie): Promise<LyingServer> {
  let sessions = 0;
  let calls = 0;
  let answered = 0;
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST') return void response.writeHead(request.method === 'DELETE' ? 200 : 405).end();
    const message = (await json(request)) as Message;
    if (message.id === undefined) return void response.writeHead(202).end();
    const session = request.headers['mcp-session-id'] ?? String(sessions++);
    // The first session is that of preflight.
    if (lie === 'no more sessions' && session !== '0') return void response.writeHead(503).end('no more sessions');
    if (message.method === 'tools/call') {
      response.on('finish', () => answered++);
      CALLS[lie]({ id: message.id, call: calls++, session: Number(session), response });
      return;
    }
    const result = resultOf(message.method ?? '', lie);
    const headers = { 'content-type': 'application/json', 'mcp-session-id': session };
    if (result === undefined) return void response.writeHead(200, headers).end(errorReply(message.id));
    response.writeHead(200, headers).end(reply(message.id, result));
  });
  // On a busy machine, the client may take seconds to use a connection again.
  server.keepAliveTimeout = 0;
  // A connection that the client cuts in the middle of a request is no error of this server.
  server.on('clientError', (_, socket) => socket.destroy());
  const { port } = await listenDuring(owner, server);
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    get calls() {
      return calls;
    },
    get answered() {
      return answered;
    },
  };
}

const TASK = { taskId: 't-1', status: 'completed', createdAt: '2026-01-01T00:00:00Z', ttl: 60_000, pollInterval: 10 };

/** The result of a request that is not a call; undefined for an unknown method. */
function resultOf(method: string, lie: Lie): object | undefined {
  const isTask = lie === 'failing task';
  switch (method) {
    case 'initialize':
      return { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: lie, version: '1' } };
    case 'tools/list':
      return { tools: [isTask ? { ...TOOL, execution: { taskSupport: 'required' } } : TOOL] };
    case 'tasks/get':
      return { ...TASK, status: 'failed' };
    case 'tasks/result':
      return ERROR;
    default:
      return undefined;
  }
}

/** A call of the tool: its number among all calls and that of its session, both from 0. */
type ToolCall = {
  readonly id: number;
  readonly call: number;
  readonly session: number;
  readonly response: ServerResponse;
};

/** What becomes of a call. */
const CALLS = {
  honest: (call: ToolCall) => answer(call, SEEN),
  /** No call gets a byte. */
  silence: () => {},
  /** An event stream with a comment every 50 ms, and no answer. */
  pings: ({ response }: ToolCall) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    repeat(PING_MS, response, () => response.write(': ping\n\n'));
  },
  /** The answer arrives at ten bytes a second, and so not to its end. */
  'slow drip': ({ id, response }: ToolCall) => {
    const text = reply(id, SEEN);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(text.length) });
    let at = 0;
    repeat(DRIP_MS, response, () => response.write(text.slice(at, ++at)));
  },
  /** Calls of every second session get no byte. */
  'half of the sessions sick': (call: ToolCall) => {
    if (call.session % 2 === 0) answer(call, SEEN);
  },
  'all isError': (call: ToolCall) => answer(call, ERROR),
  /** Successful results whose text says that there is nothing more. */
  'quota prose': (call: ToolCall) => answer(call, QUOTA),
  /** The connection breaks when a tool is called. */
  'dead tools': ({ response }: ToolCall) => response.socket?.destroy(),
  /** Calls run as tasks, which fail. */
  'failing task': (call: ToolCall) => answer(call, { task: { ...TASK, status: 'working' } }),
  /** No session can be opened but the first, so that no call comes. */
  'no more sessions': (call: ToolCall) => answer(call, SEEN),
  /** Two of three calls fail at once; the third is useful at once. */
  'faster because failing': (call: ToolCall) => answer(call, call.call % 3 === 2 ? SEEN : ERROR, 0),
} as const;

function answer({ id, response }: ToolCall, result: object, delayMs = HONEST_MS): void {
  setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(reply(id, result)), delayMs);
}

/** Repeats something until the client has gone. */
function repeat(ms: number, response: ServerResponse, action: () => void): void {
  const timer = setInterval(action, ms);
  response.on('close', () => clearInterval(timer));
}

function reply(id: number, result: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result });
}

function errorReply(id: number): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } });
}
