import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExchangeRequest } from '../../../src/mcp/exchange/exchange-request.ts';
import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import { jsonReply } from '../../support/raw-http.ts';
import { type RawReply, startScriptedServer } from '../../support/scripted-server.ts';
import { clocksOf, ExchangeRig } from './exchange-rig.ts';

/** One way in which a server may answer a request with id 1, and what must be made of it. */
export type OutcomeCase = {
  readonly name: string;
  readonly reply: RawReply;
  readonly outcome: string;
  /** What the sample's message must show. */
  readonly message?: RegExp;
  /** Clocks beside the duration that must be set; those of a whole reply unless given. */
  readonly clocks?: string;
  /** Whether the next request must go over the same connection; true unless given. */
  readonly reused?: boolean;
  readonly request?: Partial<ExchangeRequest>;
  /** The target's timeouts; long ones unless given. */
  readonly timeouts?: Readonly<Record<string, string>>;
};

/** The response that every client waits for. */
export const result = { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'hello' }] } };
export const good = jsonReply(result);

/**
 * Tests each case against a server of its own: the outcome, the clocks and their order, one sample per request, and
 * whether the connection serves the next request.
 */
export function testOutcomes(title: string, cases: readonly OutcomeCase[]): void {
  describe(title, () => {
    for (const outcomeCase of cases) it(`${outcomeCase.outcome}: ${outcomeCase.name}`, () => checkOutcome(outcomeCase));
  });
}

async function checkOutcome(outcomeCase: OutcomeCase): Promise<void> {
  const { reply, outcome, message, clocks = 'headers close', reused = true, request, timeouts = {} } = outcomeCase;
  const server = await startScriptedServer(reply, good);
  const rig = new ExchangeRig(server.origin, { timeouts });
  try {
    const exchange = await rig.send(request);
    assert.equal(exchange.outcome, outcome, exchange.message);
    assert.equal(clocksOf(exchange), clocks);
    if (message !== undefined) assert.match(exchange.message, message);
    const streamed = exchange.replyHeaders['content-type'] === 'text/event-stream';
    assert.equal(exchange.flags, streamed ? SAMPLE_FLAG.sse : 0);

    const next = await rig.send();
    assert.equal(next.outcome, 'OK', next.message);
    assert.equal(server.connections, reused ? 1 : 2);
    await rig.connection.close();
    assert.deepEqual(rig.finished, [exchange, next]);
  } finally {
    await server.close();
  }
}
