import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler, McpServer as DualEraServer } from '@modelcontextprotocol/server';
import { answerRpcError } from './http-messages.ts';
import type { ServerStats } from './server-stats.ts';
import type { ReferenceTool, ToolRunner } from './tools/tool.ts';

/** Serves `/mcp` on one server. Authentication, counting and parsing of the body happen before it. */
export type McpEndpoint = {
  /** Answers one request. `body` is the parsed JSON of a POST, and undefined for other methods. */
  handle(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void>;
  /** Ends all open sessions and streams. */
  close(): Promise<void>;
};

const IDLE_LIMIT_MS = 10 * 60_000;
const IDLE_CHECK_MS = 30_000;
/** Clients that never send DELETE must not fill the memory before the idle limit ends their sessions. */
const SESSION_LIMIT = 20_000;

type Session = {
  readonly transport: StreamableHTTPServerTransport;
  lastUsedAtMs: number;
};

/** Serves sessions with ids, and replies in event streams. Each session has an SDK server of its own. */
export class StatefulEndpoint implements McpEndpoint {
  readonly #createServer: () => McpServer;
  readonly #stats: ServerStats;
  readonly #nowMs: () => number;
  readonly #sessions = new Map<string, Session>();
  readonly #idleCheck: NodeJS.Timeout;

  /** @param nowMs A monotonic clock, in milliseconds. */
  constructor(createServer: () => McpServer, stats: ServerStats, nowMs: () => number) {
    this.#createServer = createServer;
    this.#stats = stats;
    this.#nowMs = nowMs;
    this.#idleCheck = setInterval(() => void this.endIdleSessions(), IDLE_CHECK_MS).unref();
  }

  async handle(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    const id = request.headers['mcp-session-id'];
    if (id === undefined) return this.#open(request, response, body);
    const session = this.#sessions.get(String(id));
    if (session === undefined) {
      return answerRpcError(response, 404, -32001, 'Session not found: it was ended, or idle for ten minutes');
    }
    session.lastUsedAtMs = this.#nowMs();
    await session.transport.handleRequest(request, response, body);
  }

  /** Ends every session without a request in the last ten minutes. */
  async endIdleSessions(): Promise<void> {
    const idleBeforeMs = this.#nowMs() - IDLE_LIMIT_MS;
    const idle = [...this.#sessions.values()].filter(({ lastUsedAtMs }) => lastUsedAtMs < idleBeforeMs);
    await Promise.all(idle.map(({ transport }) => transport.close()));
  }

  async close(): Promise<void> {
    clearInterval(this.#idleCheck);
    await Promise.all([...this.#sessions.values()].map(({ transport }) => transport.close()));
  }

  async #open(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    if (!isInitializeRequest(body)) {
      const message = 'Bad Request: send initialize first, then the Mcp-Session-Id header';
      return answerRpcError(response, 400, -32000, message);
    }
    if (this.#sessions.size >= SESSION_LIMIT) {
      const message = `${SESSION_LIMIT} sessions are open already; end some with DELETE`;
      return answerRpcError(response, 503, -32000, message, { 'retry-after': '30' });
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => {
        this.#sessions.set(id, { transport, lastUsedAtMs: this.#nowMs() });
        this.#stats.sessionOpened();
      },
    });
    transport.onclose = () => {
      if (transport.sessionId !== undefined && this.#sessions.delete(transport.sessionId)) this.#stats.sessionClosed();
    };
    await connect(this.#createServer(), transport);
    await transport.handleRequest(request, response, body);
  }
}

/** Serves each POST with an SDK server of its own, without sessions, and replies in plain JSON. */
export function statelessEndpoint(createServer: () => McpServer): McpEndpoint {
  return {
    async handle(request, response, body) {
      if (request.method !== 'POST') {
        const message = 'Method not allowed: this server keeps no sessions, use POST';
        return answerRpcError(response, 405, -32000, message, { allow: 'POST' });
      }
      const server = createServer();
      const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
      response.on('close', () => void server.close());
      await connect(server, transport);
      await transport.handleRequest(request, response, body);
    },
    close: async () => {},
  };
}

async function connect(server: McpServer, transport: StreamableHTTPServerTransport): Promise<void> {
  // The SDK's class and its interface disagree about `undefined` under exactOptionalPropertyTypes.
  await server.connect(transport as Transport);
}

/**
 * Serves revision 2026-07-28 and the older revisions, without sessions, with the unmodified second-generation SDK.
 * GET and DELETE get a 405.
 */
export function dualEraEndpoint(name: string, tools: readonly ReferenceTool[], run: ToolRunner): McpEndpoint {
  const handler = createMcpHandler(() => {
    const server = new DualEraServer({ name: `demo-${name}`, version: '1.0.0' });
    for (const tool of tools) {
      server.registerTool(
        tool.name,
        { description: tool.description, inputSchema: tool.input, annotations: { readOnlyHint: tool.readOnly } },
        (args, context) => run(tool, args, context.mcpReq.signal),
      );
    }
    return server;
  });
  const handle = toNodeHandler(handler);
  return {
    // The adapter's type and Node's disagree about `undefined` under exactOptionalPropertyTypes.
    handle: (request, response, body) => handle(request as NodeIncomingMessageLike, response, body),
    close: () => handler.close(),
  };
}
