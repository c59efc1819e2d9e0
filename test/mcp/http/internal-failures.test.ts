import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventOf, openStream } from '../../support/raw-http.ts';
import { ExchangeRig, good, plainRequest, result, serve } from './exchange-rig.ts';

for (const [form, reply] of [
  ['JSON', good],
  ['a stream', openStream(eventOf(result))],
] as const) {
  it(`ends only the request whose reply of ${form} makes a judge throw, and reports a bug once`, async (test) => {
    const server = await serve(test, reply);
    const rig = new ExchangeRig(server.origin);
    const warned = test.mock.method(console, 'error', () => {});
    const failing = (error: Error) => ({
      judge: () => {
        throw error;
      },
    });
    const deep = await rig.send(failing(new RangeError('Maximum call stack size exceeded')));
    assert.equal(warned.mock.callCount(), 0);
    for (const exchange of [
      deep,
      await rig.send(failing(new TypeError('x is null'))),
      await rig.send(failing(new TypeError())),
    ]) {
      await exchange.settled;
      assert.equal(exchange.outcome, 'REPLY_UNREADABLE');
      assert.match(exchange.message, /^the reply could not be read: /);
    }
    assert.match(deep.message, /Maximum call stack size exceeded$/);
    assert.equal(warned.mock.callCount(), 1);
    assert.match(String(warned.mock.calls[0]?.arguments[0]), /could not be read; please report this/);
    assert.equal((await rig.send()).outcome, 'OK');
    assert.equal(rig.memory.heldBytes, 0);
    await rig.connection.close();
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
