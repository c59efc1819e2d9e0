import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { startScriptedServer } from '../../support/scripted-server.ts';
import { type AbortCase, abortedRequests } from './abort-cases.ts';
import { clocksOf, ExchangeRig, plainRequest } from './exchange-rig.ts';
import { good } from './outcome-case.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function check({ outcome, reply, reached, clocks, connections }: AbortCase): Promise<void> {
  const server = await startScriptedServer(...(reached === 'prepared' ? [] : [reply]), good);
  const rig = new ExchangeRig(server.origin);
  try {
    const exchange = rig.connection.prepare(plainRequest);
    if (reached !== 'prepared') rig.connection.dispatch(exchange);
    const isThere = () =>
      ({
        prepared: true,
        sent: server.requests.length > 0,
        headers: exchange.sample.headersMs !== undefined,
        event: exchange.sample.firstEventMs !== undefined,
      })[reached];
    while (!isThere()) await turn();
    exchange.abort(outcome === 'OK' ? 'CLIENT_ABORT' : outcome, 'the load has ended');
    await exchange.settled;
    exchange.abort('NET_OTHER', 'once more');
    assert.equal(exchange.outcome, outcome);
    assert.equal(exchange.message, outcome === 'OK' ? '' : 'the load has ended');
    assert.equal(clocksOf(exchange), clocks);
    assert.equal((await rig.send()).outcome, 'OK');
    assert.equal(server.connections, connections);
    await rig.connection.close();
    assert.equal(rig.finished.length, 2);
  } finally {
    await server.close();
  }
}

describe('a request that we end', () => {
  for (const abortCase of abortedRequests.cases) {
    it(`${abortCase.outcome}: ${abortCase.name}`, () => check(abortCase));
  }

  it('costs the target no connection while it waits for one', async () => {
    const sockets: Socket[] = [];
    const server = await startScriptedServer((socket) => sockets.push(socket), good);
    const rig = new ExchangeRig(server.origin);
    try {
      const first = rig.begin();
      while (sockets.length === 0) await turn();
      const waiting = rig.begin();
      waiting.abort('CLIENT_ABORT', 'not wanted any more');
      await waiting.settled;
      assert.equal(clocksOf(waiting), '');
      sockets[0]?.write(good);
      await rig.finish(first);
      const next = await rig.send();
      await rig.connection.close();
      assert.deepEqual([first.outcome, next.outcome], ['OK', 'OK']);
      assert.equal(server.requests.length, 2);
      assert.equal(server.connections, 1);
      assert.deepEqual(rig.finished, [waiting, first, next]);
    } finally {
      await server.close();
    }
  });
});
