import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { closedOrigin, connectFailures } from './connect-cases.ts';
import { clocksOf, ExchangeRig } from './exchange-rig.ts';

describe('a request that gets no connection', () => {
  for (const { name, outcome, message, start } of connectFailures.cases) {
    it(`${outcome}: ${name}`, async () => {
      const { url, options, close } = await start();
      const rig = new ExchangeRig(url, { timeouts: { connect: '100ms' } }, options);
      try {
        const exchange = await rig.send();
        assert.equal(exchange.outcome, outcome, exchange.message);
        assert.match(exchange.message, message);
        assert.equal(clocksOf(exchange), 'close');
        assert.equal(exchange.closeMs, exchange.durationMs);
        assert.equal(exchange.connectMs, undefined);
        await rig.connection.close();
        assert.deepEqual(rig.finished, [exchange]);
      } finally {
        await close?.();
      }
    });
  }

  it('fails each of many that wait for the same connection', async () => {
    const rig = new ExchangeRig(await closedOrigin());
    const exchanges = await Promise.all(Array.from({ length: 20 }, () => rig.send()));
    for (const exchange of exchanges) assert.equal(exchange.outcome, 'NET_REFUSED', exchange.message);
    await rig.connection.close();
    assert.equal(rig.finished.length, 20);
  });
});
