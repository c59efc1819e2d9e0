import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it, type TestContext } from 'node:test';
import { eventOf, openStream } from '../../support/raw-http.ts';
import { until } from '../../support/session-rig.ts';
import { type AbortCase, abortedRequests } from './abort-cases.ts';
import { clocksOf, ExchangeRig, good, heldReply, plainRequest, result, serve } from './exchange-rig.ts';

async function check(test: TestContext, abortCase: AbortCase): Promise<void> {
  const { outcome, reply, reached, clocks, connections } = abortCase;
  const server = await serve(test, ...(reached === 'prepared' ? [] : [reply]), good);
  const rig = new ExchangeRig(server.origin);
  const exchange = rig.connection.prepare(plainRequest);
  if (reached !== 'prepared') rig.connection.dispatch(exchange);
  await until(
    () =>
      ({
        prepared: true,
        sent: server.requests.length > 0,
        headers: exchange.sample.headersMs !== undefined,
        event: exchange.sample.firstEventMs !== undefined,
      })[reached],
  );
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
}

for (const abortCase of abortedRequests) {
  it(`ends a request as ${abortCase.outcome}: ${abortCase.name}`, (test) => check(test, abortCase));
}

it('closes no connection when it aborts a request that waits for one', async (test) => {
  const held = heldReply();
  const server = await serve(test, held.reply, good);
  const rig = new ExchangeRig(server.origin);
  const first = rig.begin();
  const socket = await held.socket;
  const waiting = rig.begin();
  waiting.abort('CLIENT_ABORT', 'not wanted any more');
  await waiting.settled;
  assert.equal(clocksOf(waiting), '');
  socket.write(good);
  await rig.finish(first);
  const next = await rig.send();
  await rig.connection.close();
  assert.deepEqual([first.outcome, next.outcome], ['OK', 'OK']);
  assert.equal(server.requests.length, 2);
  assert.equal(server.connections, 1);
  assert.deepEqual(rig.finished, [waiting, first, next]);
});

it('aborts each request once: the one in flight, and those that wait for its connection', async (test) => {
  const held = heldReply();
  const server = await serve(test, held.reply, good);
  const rig = new ExchangeRig(server.origin);
  const exchanges = [rig.begin(), rig.begin(), rig.begin()];
  const socket = await held.socket;
  const closed = once(socket, 'close');
  rig.connection.abortAll('the run is over', 'CLIENT_ABORT');
  rig.connection.abortAll('again', 'CLIENT_ABORT');
  await Promise.all(exchanges.map(({ settled }) => settled));
  assert.equal(rig.finished.length, 3);
  for (const { outcome, message } of rig.finished) {
    assert.equal(outcome, 'CLIENT_ABORT');
    assert.equal(message, 'the run is over');
  }
  await closed;
  assert.equal((await rig.send()).outcome, 'OK');
  await rig.connection.close();
  assert.equal(rig.finished.length, 4);
  assert.equal(server.requests.length, 2);
});

it('keeps the outcome of an answered stream when it aborts it', async (test) => {
  const server = await serve(test, openStream(eventOf(result)));
  const rig = new ExchangeRig(server.origin);
  const exchange = rig.begin();
  await exchange.settled;
  rig.connection.abortAll('the run is over', 'CLIENT_ABORT');
  assert.deepEqual(rig.finished, [exchange]);
  assert.equal(exchange.outcome, 'OK');
  await rig.connection.close();
});
