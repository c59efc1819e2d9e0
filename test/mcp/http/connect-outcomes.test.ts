import assert from 'node:assert/strict';
import { it } from 'node:test';
import { closedOrigin, connectFailures } from './connect-cases.ts';
import { clocksOf, ExchangeRig, good, serve } from './exchange-rig.ts';

for (const { name, outcome, message, start } of connectFailures) {
  it(`ends a request without a connection as ${outcome}: ${name}`, async (test) => {
    const { url, options, attempts } = await start(test);
    const rig = new ExchangeRig(url, { timeouts: { connect: '100ms' } }, options);
    const exchange = await rig.send();
    assert.equal(exchange.outcome, outcome, exchange.message);
    assert.match(exchange.message, message);
    assert.equal(clocksOf(exchange), 'close');
    assert.equal(exchange.sample.closeMs, exchange.sample.durationMs);
    assert.equal(exchange.sample.connectMs, undefined);

    const next = await rig.send();
    assert.equal(next.outcome, outcome, next.message);
    if (attempts !== undefined) assert.equal(attempts(), 2, 'the next request must try again');
    await rig.connection.close();
    assert.deepEqual(rig.finished, [exchange, next]);
  });
}

it('connects for the next request once that is possible', async (test) => {
  const server = await serve(test, good);
  let isKnown = false;
  const rig = new ExchangeRig(
    server.origin.replace('127.0.0.1', 'mcp.test'),
    {},
    {
      lookup: (_, __, callback) => {
        if (isKnown) setImmediate(() => callback(null, [{ address: '127.0.0.1', family: 4 }]));
        else setImmediate(() => callback(Object.assign(new Error('none'), { code: 'ENOTFOUND' }), []));
      },
    },
  );
  assert.equal((await rig.send()).outcome, 'NET_DNS');
  isKnown = true;
  for (const clocks of ['socket headers close', 'socket headers close']) {
    const exchange = await rig.send();
    assert.equal(exchange.outcome, 'OK', exchange.message);
    assert.equal(clocksOf(exchange), clocks);
  }
  await rig.connection.close();
  assert.equal(server.connections, 1);
});

it('fails every request that waits for the same connection', async () => {
  const rig = new ExchangeRig(await closedOrigin());
  const exchanges = await Promise.all(Array.from({ length: 20 }, () => rig.send()));
  for (const exchange of exchanges) assert.equal(exchange.outcome, 'NET_REFUSED', exchange.message);
  await rig.connection.close();
  assert.equal(rig.finished.length, 20);
});
