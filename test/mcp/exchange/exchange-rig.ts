import assert from 'node:assert/strict';
import { TargetConnection } from '../../../src/mcp/connection/target-connection.ts';
import type { Exchange } from '../../../src/mcp/exchange/exchange.ts';
import type { ExchangeRequest } from '../../../src/mcp/exchange/exchange-request.ts';
import { USEFUL } from '../../../src/mcp/operations/tool-result.ts';
import { targetSchema } from '../../../src/plan/target-schema.ts';
import { systemClock } from '../../../src/traffic/clock.ts';

/** A connection to one target, and every exchange that it handed over as complete. */
export class ExchangeRig {
  readonly connection: TargetConnection;
  readonly finished: Exchange[] = [];
  readonly #waiting = new Map<Exchange, () => void>();

  /** @param target beside the url, which may have a path */
  constructor(url: string, target: Record<string, unknown> = {}) {
    this.connection = new TargetConnection(targetSchema.parse({ url, maxConnections: 1, ...target }), {
      now: systemClock.now,
      onExchange: (exchange) => {
        this.finished.push(exchange);
        this.#waiting.get(exchange)?.();
      },
    });
  }

  /** Sends a request with id 1. */
  begin(request: Partial<ExchangeRequest> = {}): Exchange {
    const exchange = this.connection.prepare({ ...plainRequest, ...request });
    this.connection.dispatch(exchange);
    return exchange;
  }

  /** Sends a request with id 1 and waits until nothing more can come of it. */
  async send(request: Partial<ExchangeRequest> = {}): Promise<Exchange> {
    const exchange = this.begin(request);
    await this.finish(exchange);
    return exchange;
  }

  async finish(exchange: Exchange): Promise<void> {
    if (this.finished.includes(exchange)) return;
    await new Promise<void>((resolve) => this.#waiting.set(exchange, resolve));
  }
}

const plainRequest: ExchangeRequest = {
  method: 'POST',
  headers: ['content-type', 'application/json', 'accept', 'application/json, text/event-stream'],
  body: '{"jsonrpc":"2.0","id":1,"method":"any"}',
  expects: 'response',
  id: 1,
  sentSessionId: false,
  judge: () => USEFUL,
  operation: 0,
  vu: 0,
  iteration: 0,
  flags: 0,
};

/** Which of the clocks that a request need not reach an exchange did reach; asserts that they are in order. */
export function clocksOf({ headersMs, firstEventMs, durationMs, closeMs }: Exchange): string {
  const clocks = { headersMs, firstEventMs, durationMs, closeMs };
  const inOrder = Object.values(clocks).filter((clock) => clock !== undefined);
  assert.deepEqual(
    inOrder.toSorted((a, b) => a - b),
    inOrder,
    JSON.stringify(clocks),
  );
  assert.ok(inOrder.every((clock) => clock >= 0));
  const named = { headers: headersMs, event: firstEventMs, close: closeMs };
  return Object.entries(named)
    .filter(([, clock]) => clock !== undefined)
    .map(([name]) => name)
    .join(' ');
}
