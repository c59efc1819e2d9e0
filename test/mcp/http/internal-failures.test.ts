import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventOf, openStream } from '../../support/raw-http.ts';
import { ExchangeRig, good, plainRequest, result, serve } from './exchange-rig.ts';

for (const [form, reply] of [
  ['JSON', good],
  ['a stream', openStream(eventOf(result))],
] as const) {
  it(`counts a bug in the judge of ${form} as no fault of the target, and stops the load`, async (test) => {
    const server = await serve(test, reply);
    const rig = new ExchangeRig(server.origin);
    const exchange = await rig.send({
      judge: () => {
        throw new TypeError('judge is broken');
      },
    });
    await exchange.settled;
    assert.equal(exchange.outcome, 'CLIENT_ABORT');
    assert.match(exchange.message, /mcp-surge failed: judge is broken/);
    assert.deepEqual(rig.finished, [exchange]);
    assert.throws(() => rig.begin(), /failed in mcp-surge itself: judge is broken/);
    await assert.rejects(rig.connection.close(), ({ cause }: Error) => cause instanceof TypeError);
  });
}

it('reports a bug in what takes the samples when the connection is closed', async (test) => {
  const server = await serve(test, good);
  const onExchange = () => {
    throw new RangeError('no room');
  };
  const { connection } = new ExchangeRig(server.origin, {}, { onExchange });
  const exchange = connection.prepare(plainRequest);
  connection.dispatch(exchange);
  await exchange.settled;
  await assert.rejects(connection.close(), /failed in mcp-surge itself: no room/);
});

it('does not take a bug in the headers for an outage', async (test) => {
  const server = await serve(test, good);
  const rig = new ExchangeRig(server.origin);
  const exchange = await rig.send({ headers: ['authorization', 'Bearer line\nbreak'] });
  assert.equal(exchange.outcome, 'CLIENT_ABORT');
  assert.equal(server.requests.length, 0);
  await assert.rejects(rig.connection.close(), /failed in mcp-surge itself: invalid authorization header/);
});
