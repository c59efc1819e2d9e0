import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventOf, LAST_CHUNK, openStream } from '../../support/raw-http.ts';
import { startScriptedServer } from '../../support/scripted-server.ts';
import { clocksOf, ExchangeRig } from './exchange-rig.ts';
import { good, result } from './outcome-case.ts';

describe('a connection', () => {
  it('is free again when the caller goes on, whose next request then needs no other', async () => {
    const server = await startScriptedServer(good, openStream(eventOf(result)) + LAST_CHUNK, good);
    const rig = new ExchangeRig(server.origin, { maxConnections: 10 });
    try {
      for (let sent = 0; sent < 3; sent++) {
        const exchange = rig.begin();
        await exchange.settled;
        assert.equal(exchange.outcome, 'OK');
      }
      await rig.connection.close();
      assert.equal(server.connections, 1);
    } finally {
      await server.close();
    }
  });

  it('is told to have served before when it breaks, as then it may just have been closed as idle', async () => {
    const server = await startScriptedServer(good, (socket) => socket.resetAndDestroy(), good);
    const rig = new ExchangeRig(server.origin);
    try {
      await rig.send();
      const broken = await rig.send();
      assert.equal(broken.outcome, 'NET_RESET_PRE');
      assert.match(broken.message, /the server may have closed this reused connection as idle/);
      assert.equal(broken.sample.connectMs, undefined);
      assert.equal(clocksOf(broken), 'socket close');
      assert.equal((await rig.send()).outcome, 'OK');
      assert.equal(server.connections, 2);
      await rig.connection.close();
    } finally {
      await server.close();
    }
  });

  for (const status of [301, 302, 307, 308]) {
    it(`is made to no other origin for a redirect (${status})`, async () => {
      const other = await startScriptedServer(good);
      const redirect = `HTTP/1.1 ${status} Any\r\nlocation: ${other.origin}/mcp\r\ncontent-length: 0\r\n\r\n`;
      const server = await startScriptedServer(redirect, good);
      const rig = new ExchangeRig(server.origin);
      try {
        const exchange = await rig.send({ headers: ['authorization', 'Bearer secret'] });
        assert.equal(exchange.outcome, 'HTTP_3XX');
        assert.equal(exchange.message, `${other.origin}/mcp`);
        await rig.send();
        await rig.connection.close();
        assert.equal(server.requests.length, 2);
        assert.equal(server.connections, 1);
        assert.equal(other.connections, 0);
      } finally {
        await Promise.all([server.close(), other.close()]);
      }
    });
  }

  it('carries no wish for compression, as what is measured is the text itself', async () => {
    const server = await startScriptedServer(good);
    const rig = new ExchangeRig(server.origin);
    try {
      await rig.send();
      await rig.connection.close();
      assert.doesNotMatch(server.requests[0]?.head ?? '', /accept-encoding/i);
    } finally {
      await server.close();
    }
  });
});
