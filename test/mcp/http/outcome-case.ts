import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExchangeRequest } from '../../../src/mcp/http/exchange-request.ts';
import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import type { Outcome } from '../../../src/sample/outcome.ts';
import { jsonReply } from '../../support/raw-http.ts';
import { type RawReply, startScriptedServer } from '../../support/scripted-server.ts';
import { clocksOf, ExchangeRig } from './exchange-rig.ts';

/** One way in which a server may answer a request with id 1, and what must be made of it. */
export type OutcomeCase = {
  readonly name: string;
  readonly reply: RawReply;
  readonly outcome: Outcome;
  /** What the sample's message must show; nothing for an outcome of OK, something for all others, unless given. */
  readonly message?: RegExp;
  /** Clocks beside the duration that must be set; those of a whole reply unless given. */
  readonly clocks?: string;
  /** Whether the next request must go over the same connection; true unless given. */
  readonly reused?: boolean;
  /** The flags of the sample; that it was a stream where the reply is one, unless given. */
  readonly flags?: number;
  readonly request?: Partial<ExchangeRequest>;
  /** Of the target beside its url: timeouts, long ones unless given, and what becomes of held streams. */
  readonly target?: Readonly<Record<string, unknown>>;
};

export type OutcomeTable = { readonly title: string; readonly cases: readonly OutcomeCase[] };

/** The response that every client waits for. */
export const result = { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'hello' }] } };
export const good = jsonReply(result);

/**
 * Tests each case against a server of its own: the outcome, the message, the clocks and their order, the flags, one sample
 * per request, and whether the connection serves the next request.
 */
export function testOutcomes({ title, cases }: OutcomeTable): void {
  describe(title, { concurrency: 4 }, () => {
    for (const outcomeCase of cases) it(`${outcomeCase.outcome}: ${outcomeCase.name}`, () => checkOutcome(outcomeCase));
  });
}

async function checkOutcome(outcomeCase: OutcomeCase): Promise<void> {
  const { reply, outcome, clocks = 'socket headers close', reused = true, request, target } = outcomeCase;
  const server = await startScriptedServer(reply, good);
  const rig = new ExchangeRig(server.origin, target);
  try {
    const exchange = await rig.send(request);
    assert.equal(exchange.outcome, outcome, exchange.message);
    assert.equal(clocksOf(exchange), clocks);
    assert.match(exchange.message, outcomeCase.message ?? (outcome === 'OK' ? /^$/ : /./));
    const streamed = exchange.replyHeaders['content-type'] === 'text/event-stream';
    assert.equal(exchange.sample.flags, outcomeCase.flags ?? (streamed ? SAMPLE_FLAG.sse : 0));
    assert.ok(exchange.sample.connectMs !== undefined, 'it was the first on its connection');

    const next = await rig.send();
    assert.equal(next.outcome, 'OK', next.message);
    assert.equal(server.connections, reused ? 1 : 2);
    assert.equal(next.sample.connectMs === undefined, reused);
    await rig.connection.close();
    assert.deepEqual(rig.finished, [exchange, next]);
    assert.equal(server.requests.length, 2);
  } finally {
    await server.close();
  }
}
