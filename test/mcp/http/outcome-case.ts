import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ExchangeRequest } from '../../../src/mcp/http/exchange-request.ts';
import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import type { Outcome } from '../../../src/sample/outcome.ts';
import type { RawReply } from '../../support/scripted-server.ts';
import { clocksOf, ExchangeRig, good, serve } from './exchange-rig.ts';

/** One way in which a server may answer a request with id 1, and what it must lead to. */
export type OutcomeCase = {
  readonly name: string;
  readonly reply: RawReply;
  readonly outcome: Outcome;
  /** What the sample's message must match. By default it must be empty for OK, and not empty for all other outcomes. */
  readonly message?: RegExp;
  /** The clocks that must be set, except the duration; by default those of a whole reply. */
  readonly clocks?: string;
  /** Whether the next request must use the same connection; true by default. */
  readonly reused?: boolean;
  /** The flags of the sample; by default only whether the reply was an event stream. */
  readonly flags?: number;
  readonly request?: Partial<ExchangeRequest>;
  /** Keys of the target, such as timeouts; its defaults are long ones. */
  readonly target?: Readonly<Record<string, unknown>>;
};

export type OutcomeTable = { readonly title: string; readonly cases: readonly OutcomeCase[] };

/**
 * Tests each case with a server of its own: outcome, message, clocks and their order, flags, one sample for each request,
 * and whether the connection serves the next request.
 */
export function testOutcomes({ title, cases }: OutcomeTable): void {
  describe(title, { concurrency: 4 }, () => {
    for (const outcomeCase of cases) {
      it(`${outcomeCase.outcome}: ${outcomeCase.name}`, (test) => checkOutcome(test, outcomeCase));
    }
  });
}

async function checkOutcome(test: TestContext, outcomeCase: OutcomeCase): Promise<void> {
  const { reply, outcome, clocks = 'socket headers close', reused = true, request, target } = outcomeCase;
  const server = await serve(test, reply, good);
  const rig = new ExchangeRig(server.origin, target);
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
}
