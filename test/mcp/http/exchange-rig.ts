import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Exchange } from '../../../src/mcp/http/exchange.ts';
import type { ExchangePeer, ExchangeRequest } from '../../../src/mcp/http/exchange-request.ts';
import { USEFUL } from '../../../src/mcp/http/json-rpc.ts';
import { ReplyMemory } from '../../../src/mcp/http/reply-memory.ts';
import { TargetConnection, type TargetConnectionOptions } from '../../../src/mcp/http/target-connection.ts';
import { targetSchema } from '../../../src/plan/target-schema.ts';
import { systemClock } from '../../../src/traffic/clock.ts';
import { jsonReply } from '../../support/raw-http.ts';
import { type RawReply, type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';

/** The response to the rig's requests, and the whole HTTP reply with it. */
export const result = { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'hello' }] } };
export const good = jsonReply(result);

/** Starts a scripted server that closes when the test ends. */
export async function serve(test: TestContext, ...script: readonly RawReply[]): Promise<ScriptedServer> {
  const server = await startScriptedServer(...script);
  test.after(() => server.close());
  return server;
}

/** A connection to one target, and every exchange that it handed over as complete. */
export class ExchangeRig {
  readonly connection: TargetConnection;
  readonly finished: Exchange[] = [];
  /** What the replies under way hold. */
  readonly memory = new ReplyMemory();
  readonly #waiting = new Map<Exchange, () => void>();

  /**
   * @param url may have a path
   * @param target further keys of the target
   */
  constructor(url: string, target: Record<string, unknown> = {}, options: Partial<TargetConnectionOptions> = {}) {
    this.connection = new TargetConnection(targetSchema.parse({ url, maxConnections: 1, ...target }), {
      now: systemClock.now,
      memory: this.memory,
      addresses: { allowLoopback: true, allowedAddresses: [] },
      onExchange: (exchange) => {
        this.finished.push(exchange);
        this.#waiting.get(exchange)?.();
      },
      ...options,
    });
  }

  /** Sends a request with id 1. */
  begin(request: Partial<ExchangeRequest> = {}): Exchange {
    const exchange = this.connection.prepare({ ...plainRequest, ...request });
    this.connection.dispatch(exchange);
    return exchange;
  }

  /** Sends a request with id 1 and waits until nothing more can come. */
  async send(request: Partial<ExchangeRequest> = {}): Promise<Exchange> {
    const exchange = this.begin(request);
    await this.finish(exchange);
    return exchange;
  }

  /** Waits until nothing more can come of an exchange. */
  async finish(exchange: Exchange): Promise<void> {
    if (this.finished.includes(exchange)) return;
    await new Promise<void>((resolve) => this.#waiting.set(exchange, resolve));
  }
}

/** A session that only judges results. */
export const idlePeer: ExchangePeer = {
  stateless: false,
  judgeResult: ({ request, result }) => request.judge(result, request.tool),
  onMessage: () => {},
  onOtherEvent: () => {},
  onBroken: () => false,
};

/** A request with id 1 that any result answers. */
export const plainRequest: ExchangeRequest = {
  method: 'POST',
  headers: ['content-type', 'application/json', 'accept', 'application/json, text/event-stream'],
  body: '{"jsonrpc":"2.0","id":1,"method":"any"}',
  expects: 'response',
  id: 1,
  rpcMethod: 'any',
  sentSessionId: false,
  opensSession: false,
  renewed: false,
  tool: undefined,
  peer: idlePeer,
  judge: () => USEFUL,
  operation: 0,
  vu: 0,
  iteration: 0,
  flags: 0,
};

/** Names the clocks that an exchange reached, except the duration; asserts that their times are in order. */
export function clocksOf({ sample }: Exchange): string {
  const { socketMs, headersMs, firstEventMs, durationMs, closeMs } = sample;
  const clocks = { socketMs, headersMs, firstEventMs, durationMs, closeMs };
  const reached = Object.values(clocks).filter((clock) => clock !== undefined);
  assert.deepEqual(
    reached.toSorted((a, b) => a - b),
    reached,
    JSON.stringify(clocks),
  );
  assert.ok(reached.every((clock) => clock >= 0));
  const named = { socket: socketMs, headers: headersMs, event: firstEventMs, close: closeMs };
  return Object.entries(named)
    .filter(([, clock]) => clock !== undefined)
    .map(([name]) => name)
    .join(' ');
}

/** A reply that the test sends itself, over the socket on which the request came. */
export function heldReply(): { readonly reply: RawReply; readonly socket: Promise<Socket> } {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  return { reply: resolve, socket: promise };
}
