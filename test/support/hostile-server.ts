import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { listenDuring } from './loopback-server.ts';

/** What a server does to its client once the load begins. Preflight, which has a user agent of its own, sees an honest server. */
export type Hostility = keyof typeof MODES;

type Message = { readonly method?: string; readonly id?: number; readonly params?: { readonly cursor?: string } };
type Owner = Parameters<typeof listenDuring>[0];
type Reply = (context: { readonly id: number; readonly message: Message; readonly response: ServerResponse }) => void;

/** How a mode answers: its tool, its tools/list, its calls, and its stream for messages (GET). */
type Mode = {
  readonly tool?: () => object;
  readonly list?: Reply;
  readonly call?: Reply;
  readonly stream?: Reply;
};

const TOOL = { name: 'look', annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } };
const SEEN = { content: [{ type: 'text', text: 'seen' }] };
const MEBIBYTE = 1024 * 1024;

/** Starts a server of revision 2025-11-25 on loopback. @returns its URL */
export async function startHostileServer(owner: Owner, hostility: Hostility): Promise<string> {
  const mode: Mode = MODES[hostility];
  const server = createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
    response.on('error', () => {});
    const isLoad = (request.headers['user-agent'] ?? '').includes('(load)');
    if (request.method === 'GET')
      return void (mode.stream === undefined
        ? response.writeHead(405).end()
        : mode.stream({ id: 0, message: {}, response }));
    if (request.method === 'DELETE') return void response.writeHead(200).end();
    const message = await read(request);
    if (message?.id === undefined || message.method === undefined) return void response.writeHead(202).end();
    const { id, method } = message;
    const context = { id, message, response };
    if (method === 'initialize')
      return sendJson(response, id, { protocolVersion: '2025-11-25', capabilities: { tools: {} } });
    if (method === 'tools/list') {
      if (isLoad && mode.list !== undefined) mode.list(context);
      else sendJson(response, id, { tools: [{ ...TOOL, ...(isLoad ? mode.tool?.() : {}) }] });
    } else if (method === 'tools/call') (mode.call ?? seen)(context);
    else sendJson(response, id, {});
  });
  server.on('clientError', (_, socket) => socket.destroy());
  server.keepAliveTimeout = 60_000;
  const { port } = await listenDuring(owner, server);
  return `http://127.0.0.1:${port}/mcp`;
}

async function read(request: IncomingMessage): Promise<Message | undefined> {
  return json(request).catch(() => undefined) as Promise<Message | undefined>;
}

function sendJson(response: ServerResponse, id: number, result: object): void {
  sendText(response, JSON.stringify({ jsonrpc: '2.0', id, result }));
}

function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's' }).end(text);
}

const seen: Reply = ({ id, response }) => sendJson(response, id, SEEN);

function sse(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/event-stream' });
}

/** Writes as fast as the client reads, until it goes away. */
function pour(response: ServerResponse, next: () => string | Buffer): void {
  const write = () => {
    while (!response.destroyed && response.write(next()));
  };
  response.on('drain', write);
  write();
}

/** A result around text that is not worth building with JSON.stringify. */
const around = (id: number, result: string) => `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
const answerEvent = (id: number) => `data: ${around(id, JSON.stringify(SEEN))}\n\n`;
const LARGE_TEXT = 'x'.repeat(7 * MEBIBYTE);
const DEEP = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
let changes = 0;
let codes = 0;
let cursors = 0;

/** Alternatives of alternatives, thirty times: 2^30 steps. */
const NESTED = {
  $defs: Object.fromEntries(
    Array.from({ length: 30 }, (_, at) => {
      const next = { $ref: `#/$defs/l${at + 1}` };
      return [`l${at}`, at === 29 ? { const: 1 } : { anyOf: [next, next] }];
    }),
  ),
  $ref: '#/$defs/l0',
};
const structured =
  (value: unknown): Reply =>
  ({ id, response }) =>
    sendJson(response, id, { content: [], structuredContent: value });
const PINGS = Buffer.from('data: {"jsonrpc":"2.0","id":"p","method":"ping"}\n\n'.repeat(1000));
const COMMENTS = Buffer.from(':\n'.repeat(32_768));

const MODES = {
  'a reply nested 5,000 deep': { call: ({ id, response }) => sendText(response, around(id, DEEP)) },
  'a deep value for a recursive schema': {
    tool: () => ({ outputSchema: { properties: { a: { $ref: '#' } } } }),
    call: ({ id, response }) => sendText(response, around(id, `{"content":[],"structuredContent":${DEEP}}`)),
  },
  'a list of 130,000 tools': {
    list: ({ id, response }) =>
      sendJson(response, id, { tools: Array.from({ length: 130_000 }, (_, at) => ({ name: `t${at}` })) }),
  },
  'a list of 99,000 tools': {
    list: ({ id, response }) =>
      sendJson(response, id, { tools: [TOOL, ...Array.from({ length: 99_000 }, (_, at) => ({ name: `t${at}` }))] }),
  },
  'a pattern that backtracks for ever': {
    tool: () => ({ outputSchema: { properties: { a: { pattern: '^(a+)+$' } } } }),
    call: structured({ a: `${'a'.repeat(5000)}b` }),
  },
  '2^30 nested alternatives': { tool: () => ({ outputSchema: NESTED }), call: structured(2) },
  'a schema that changes with each list': {
    tool: () => ({
      outputSchema: {
        properties: Object.fromEntries(
          Array.from({ length: 150 }, (_, at) => [
            `p${changes++}-${at}`,
            { type: 'string', pattern: '^a', format: 'email' },
          ]),
        ),
      },
    }),
    call: structured({}),
  },
  'replies of 60 MB': {
    call: ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(60 * MEBIBYTE) });
      pour(response, () => LARGE_TEXT.slice(0, 65_536));
    },
  },
  'replies of 7 MB of text': {
    call: ({ id, response }) => sendJson(response, id, { content: [{ type: 'text', text: LARGE_TEXT }] }),
  },
  'replies of 7 MB of empty lists': {
    call: ({ id, response }) => sendText(response, around(id, `[${'[],'.repeat(2_400_000)}[]]`)),
  },
  'errors of 7 MB': {
    call: ({ id, response }) =>
      sendText(response, JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32_000, message: LARGE_TEXT } })),
  },
  'a different error code each time': {
    call: ({ id, response }) =>
      sendText(response, JSON.stringify({ jsonrpc: '2.0', id, error: { code: codes++, message: 'no' } })),
  },
  'cursors of 5 MB': {
    list: ({ id, response }) => sendJson(response, id, { tools: [TOOL], nextCursor: LARGE_TEXT.slice(0, 5_000_000) }),
  },
  'a cursor that repeats': {
    list: ({ id, response }) => sendJson(response, id, { tools: [TOOL], nextCursor: 'again' }),
  },
  'a list without end': {
    list: ({ id, response }) => sendJson(response, id, { tools: [TOOL], nextCursor: `${cursors++}` }),
  },
  'pings without end': { call: ({ response }) => pour(sse(response), () => PINGS) },
  'pings without end on the stream for messages': { stream: ({ response }) => pour(sse(response), () => PINGS) },
  'streams that end and ask for no wait': {
    call: ({ response }) => sse(response).end('retry: 0\nid: 1\ndata:\n\n'),
    stream: ({ response }) => sse(response).end('retry: 0\nid: 1\ndata:\n\n'),
  },
  'a million comments before the answer': {
    call: ({ id, response }) => {
      sse(response);
      for (let sent = 0; sent < 1_000_000; sent += 32_768) response.write(COMMENTS);
      response.end(answerEvent(id));
    },
  },
  'comments without end': { call: ({ response }) => pour(sse(response), () => COMMENTS) },
  'an event without end': { call: ({ response }) => pour(sse(response), () => LARGE_TEXT.slice(0, 65_536)) },
  'a byte at a time': {
    call: ({ id, response }) => {
      const text = around(id, JSON.stringify({ content: [{ type: 'text', text: 'y'.repeat(20_000) }] }));
      response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).flushHeaders();
      response.socket?.write([...text].map((character) => `1\r\n${character}\r\n`).join(''));
      response.socket?.end('0\r\n\r\n');
    },
  },
  '10,000 headers': {
    call: ({ response }) => {
      const headers = Array.from({ length: 10_000 }, (_, at) => `x-${at}: ${at}\r\n`).join('');
      response.socket?.write(`HTTP/1.1 200 OK\r\n${headers}content-length: 2\r\n\r\n{}`);
    },
  },
  'interim responses without end': {
    call: ({ response }) => pourRaw(response, 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'),
  },
  'an event that the time limit cuts': {
    call: ({ id, response }) => void sse(response).write(answerEvent(id).slice(0, 30)),
  },
  'a million notifications in one reply': {
    call: ({ response }) => sendText(response, `[${'{"method":"n"},'.repeat(400_000)}{"method":"n"}]`),
  },
  'a value to capture that is too large': {
    call: ({ id, response }) =>
      sendJson(response, id, { content: [{ type: 'text', text: 'seen' }], structuredContent: { id: LARGE_TEXT } }),
  },
  'names that are no texts': {
    call: ({ id, response }) =>
      sendJson(response, id, {
        content: [{ type: { toString: 1 } }],
        isError: { valueOf: 1 },
        resultType: { toString: null },
      }),
  },
} as const satisfies Readonly<Record<string, Mode>>;

/** Everything that a server can do to its client here. */
export const HOSTILITIES = Object.keys(MODES) as readonly Hostility[];

/** Writes to the socket itself, for what is no HTTP response. */
function pourRaw(response: ServerResponse, text: string): void {
  const { socket } = response;
  const chunk = text.repeat(1000);
  const write = () => {
    while (socket !== null && !socket.destroyed && socket.write(chunk));
  };
  socket?.on('drain', write);
  write();
}
