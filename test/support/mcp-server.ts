import type { Socket } from 'node:net';
import { httpReply } from './raw-http.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

/** One parsed request to the server. */
export type Incoming = {
  /**
   * The JSON-RPC method; `response` for an answer of the client; the HTTP method of a request without a body, and that
   * with the path of a request whose body is not JSON, e.g. `POST /token`.
   */
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly id: number;
  readonly params: Readonly<Record<string, unknown>>;
  /** The whole message. */
  readonly rpc: Readonly<Record<string, unknown>>;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly socket: Socket;
  /** Milliseconds on the clock of this process. */
  readonly atMs: number;
};

/** A result, a whole HTTP reply, or undefined when the function writes to the socket itself. */
export type Answer = (incoming: Incoming) => object | string | undefined;

export type McpServer = ScriptedServer & {
  readonly incoming: readonly Incoming[];
  /** Methods in the order of their arrival. */
  methods(): string[];
  /** The requests of one method. */
  of(method: string): Incoming[];
};

export const SESSION_ID = 'a-Session';
export const accepted = httpReply(202, [], '');

/** Answers of a server of the first era that keeps sessions and has a tool. */
export const legacyServer: Readonly<Record<string, Answer>> = {
  initialize: () => ({ protocolVersion: '2025-11-25', capabilities: { tools: {} } }),
  'notifications/initialized': () => accepted,
  'notifications/cancelled': () => accepted,
  response: () => accepted,
  'tools/list': () => ({ tools: [{ name: 'look' }] }),
  'tools/call': () => ({ content: [{ type: 'text', text: 'seen' }] }),
  GET: () => httpReply(405, [], ''),
  DELETE: () => httpReply(200, [], ''),
};

/** Answers of the same server in the stateless era. */
export const modernServer: Readonly<Record<string, Answer>> = {
  'server/discover': () => ({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } }),
  'tools/list': () => ({ tools: [{ name: 'look' }] }),
  'tools/call': () => ({ content: [{ type: 'text', text: 'seen' }] }),
};

/** A JSON reply to a request, with the session's id. */
export function jsonResult(id: number, result: object, sessionHeaders = [`Mcp-Session-Id: ${SESSION_ID}`]): string {
  const headers = ['content-type: application/json', ...sessionHeaders];
  return httpReply(200, headers, JSON.stringify({ jsonrpc: '2.0', id, result }));
}

/** The answer to initialize of a server that keeps no sessions. */
export const openWithoutSession: Answer = ({ id }) =>
  jsonResult(id, { protocolVersion: '2025-11-25', capabilities: { tools: {} } }, []);

/** Starts a server on loopback that answers by method. */
export async function startMcpServer(...answers: readonly Readonly<Record<string, Answer>>[]): Promise<McpServer> {
  const all: Record<string, Answer> = Object.assign({}, ...answers);
  const incoming: Incoming[] = [];
  const server = await startScriptedServer((socket, { head, body }) => {
    const text = Buffer.from(body, 'latin1').toString('utf8');
    const isJson = text.startsWith('{');
    const rpc = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
    const [httpMethod, path = ''] = head.split(' ', 2);
    const method = isJson ? String(rpc.method ?? 'response') : text === '' ? `${httpMethod}` : `${httpMethod} ${path}`;
    const one = {
      method,
      path,
      id: Number(rpc.id),
      params: (rpc.params ?? {}) as Record<string, unknown>,
      rpc,
      headers: headersIn(head),
      socket,
      atMs: performance.now(),
    };
    incoming.push(one);
    const answer = all[method];
    if (answer === undefined) throw new Error(`The test's server has no answer for ${method}.`);
    const reply = answer(one);
    if (reply !== undefined) socket.write(typeof reply === 'string' ? reply : jsonResult(one.id, reply));
  });
  return Object.assign(Object.create(server) as ScriptedServer, {
    incoming,
    methods: () => incoming.map(({ method }) => method),
    of: (method: string) => incoming.filter((one) => one.method === method),
  });
}

function headersIn(head: string): Record<string, string> {
  const lines = head.split('\r\n').slice(1);
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}
