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

/** What serves `/mcp` of one server, behind authentication, counting and the parsing of the body. */
export interface McpEndpoint {
  /** Answers one request. `body` is the parsed JSON of a POST, undefined otherwise. */
  handle(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void>;
  /** Ends everything that is open. */
  close(): Promise<void>;
}

const idleLimitMs = 10 * 60_000;
const sweepEveryMs = 30_000;
/** Clients that never send DELETE must not fill the memory within the idle limit. */
const sessionLimit = 20_000;

interface Session {
  readonly transport: StreamableHTTPServerTransport;
  lastUsedAtMs: number;
}

/** Serves sessions with ids and SSE replies, each session by a server of its own. */
export class StatefulEndpoint implements McpEndpoint {
  readonly #createServer: () => McpServer;
  readonly #stats: ServerStats;
  readonly #nowMs: () => number;
  readonly #sessions = new Map<string, Session>();
  readonly #sweep: NodeJS.Timeout;

  /** @param nowMs A clock that never steps back, in milliseconds. */
  constructor(createServer: () => McpServer, stats: ServerStats, nowMs: () => number) {
    this.#createServer = createServer;
    this.#stats = stats;
    this.#nowMs = nowMs;
    this.#sweep = setInterval(() => void this.endIdleSessions(), sweepEveryMs).unref();
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

  /** Ends every session that has had no request for ten minutes. */
  async endIdleSessions(): Promise<void> {
    const oldestKeptMs = this.#nowMs() - idleLimitMs;
    const idle = [...this.#sessions.values()].filter(({ lastUsedAtMs }) => lastUsedAtMs < oldestKeptMs);
    await Promise.all(idle.map(({ transport }) => transport.close()));
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await Promise.all([...this.#sessions.values()].map(({ transport }) => transport.close()));
  }

  async #open(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    if (!isInitializeRequest(body)) {
      return answerRpcError(
        response,
        400,
        -32000,
        'Bad Request: send initialize first, then the Mcp-Session-Id header',
      );
    }
    if (this.#sessions.size >= sessionLimit) {
      const message = `${sessionLimit} sessions are open already; end some with DELETE`;
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
    // The SDK's class and its interface disagree about `undefined` under exactOptionalPropertyTypes.
    await this.#createServer().connect(transport as Transport);
    await transport.handleRequest(request, response, body);
  }
}

/** Serves every POST by a server of its own, without sessions, and replies in plain JSON. */
export function statelessEndpoint(createServer: () => McpServer): McpEndpoint {
  return {
    async handle(request, response, body) {
      if (request.method !== 'POST') {
        return answerRpcError(response, 405, -32000, 'Method not allowed: this server keeps no sessions, use POST', {
          allow: 'POST',
        });
      }
      const server = createServer();
      const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
      response.on('close', () => void server.close());
      // The SDK's class and its interface disagree about `undefined` under exactOptionalPropertyTypes.
      await server.connect(transport as Transport);
      await transport.handleRequest(request, response, body);
    },
    close: async () => {},
  };
}

/**
 * Serves revision 2026-07-28 and, without sessions, the revisions before it: the second-generation SDK as it comes.
 * GET and DELETE are answered with 405.
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
    // The adapter's type and node's disagree about `undefined` under exactOptionalPropertyTypes.
    handle: (request, response, body) => handle(request as NodeIncomingMessageLike, response, body),
    close: () => handler.close(),
  };
}
