import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { startScriptedServer } from '../../support/scripted-server.ts';
import { clocksOf, ExchangeRig } from './exchange-rig.ts';

/** An origin that nothing listens on. */
async function closedOrigin(): Promise<string> {
  const server = await startScriptedServer();
  await server.close();
  return server.origin;
}

describe('a request that gets no connection', () => {
  it('NET_REFUSED, each of many that wait for the same connection', async () => {
    const rig = new ExchangeRig(await closedOrigin());
    const exchanges = await Promise.all(Array.from({ length: 20 }, () => rig.send()));
    for (const exchange of exchanges) {
      assert.equal(exchange.outcome, 'NET_REFUSED', exchange.message);
      assert.match(exchange.message, /ECONNREFUSED/);
      assert.equal(clocksOf(exchange), 'close');
    }
    await rig.connection.close();
    assert.equal(rig.finished.length, 20);
  });

  it('NET_REFUSED when a name has several addresses', async () => {
    const rig = new ExchangeRig((await closedOrigin()).replace('127.0.0.1', 'localhost'));
    assert.equal((await rig.send()).outcome, 'NET_REFUSED');
    await rig.connection.close();
  });

  it('NET_DNS', async () => {
    // A label of more than 63 characters is refused before any name server is asked.
    const rig = new ExchangeRig(`http://${'a'.repeat(70)}.invalid`);
    assert.equal((await rig.send()).outcome, 'NET_DNS');
    await rig.connection.close();
  });

  it('NET_TLS when the server speaks no TLS', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const rig = new ExchangeRig(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    try {
      const exchange = await rig.send();
      assert.equal(exchange.outcome, 'NET_TLS', exchange.message);
    } finally {
      await rig.connection.close();
      server.close();
    }
  });

  it('NET_CONNECT_TMO when the server never answers the TLS handshake', async () => {
    const server = await startScriptedServer(() => {});
    const rig = new ExchangeRig(server.origin.replace('http:', 'https:'), { timeouts: { connect: '50ms' } });
    try {
      const exchange = await rig.send();
      assert.equal(exchange.outcome, 'NET_CONNECT_TMO', exchange.message);
      assert.equal(clocksOf(exchange), 'close');
    } finally {
      await rig.connection.close();
      await server.close();
    }
  });
});
