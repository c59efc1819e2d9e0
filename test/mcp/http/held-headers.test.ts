import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { Exchange } from '../../../src/mcp/http/exchange.ts';
import { systemClock } from '../../../src/traffic/clock.ts';
import { chunkOf, eventOf, openStream } from '../../support/raw-http.ts';
import { ExchangeRig, heldReply, idlePeer, serve } from './exchange-rig.ts';

const HELD_MS = 2000;

/** Sends the GET of an event stream, and lets the clock move on before the server has sent its headers. */
async function silentGet(test: TestContext, silentMs: number, target: object = {}) {
  let movedMs = 0;
  const held = heldReply();
  const server = await serve(test, held.reply);
  const rig = new ExchangeRig(server.origin, { ...target }, { now: () => systemClock.now() + movedMs });
  const messages: unknown[] = [];
  const peer = { ...idlePeer, onMessage: (_: unknown, message: unknown) => void messages.push(message) };
  const request = { method: 'GET', body: null, expects: 'stream', id: 0, peer } as const;
  const exchange = rig.begin(request);
  const socket = await held.socket;
  movedMs = silentMs;
  return { rig, exchange, socket, messages };
}

/** Waits until nothing more comes. @returns outcome and message */
async function ended(rig: ExchangeRig, exchange: Exchange): Promise<readonly string[]> {
  await rig.finish(exchange);
  await rig.connection.close();
  return [exchange.outcome, exchange.message];
}

const WARNING = ['PROTO_HEADERS_HELD', 'no headers within 2000 ms'];

it('the event stream whose headers come late gets a warning, and its messages are read', async (test) => {
  const { rig, exchange, socket, messages } = await silentGet(test, HELD_MS + 1);
  socket.write(openStream(eventOf({ jsonrpc: '2.0', method: 'notifications/a' })));
  await exchange.settled;
  assert.ok(exchange.sample.durationMs >= HELD_MS);
  socket.write(chunkOf(eventOf({ jsonrpc: '2.0', method: 'notifications/b' })));
  while (messages.length < 2) await new Promise((resolve) => setImmediate(resolve));
  exchange.cancelStream();
  assert.deepEqual(await ended(rig, exchange), WARNING);
});

it('the event stream whose headers come in time gets none', async (test) => {
  const { rig, exchange, socket } = await silentGet(test, HELD_MS / 2);
  socket.write(openStream());
  await exchange.settled;
  exchange.cancelStream();
  assert.deepEqual(await ended(rig, exchange), ['OK', '']);
});

it('the event stream that is closed before its headers have come gets the warning after two seconds', async (test) => {
  for (const [silentMs, outcome] of [
    [HELD_MS + 1, 'PROTO_HEADERS_HELD'],
    [HELD_MS / 2, 'CLIENT_ABORT'],
  ] as const) {
    const { rig, exchange } = await silentGet(test, silentMs);
    exchange.cancelStream();
    assert.equal((await ended(rig, exchange))[0], outcome);
  }
});

it('the event stream without headers gets the warning when the graceful stop ends it, or its time limit', async (test) => {
  const stopped = await silentGet(test, HELD_MS + 1);
  stopped.rig.connection.abortAll('the graceful stop is over', 'TMO_GRACEFUL_STOP');
  assert.deepEqual(await ended(stopped.rig, stopped.exchange), WARNING);
  const late = await silentGet(test, HELD_MS, { timeouts: { headers: `${HELD_MS + 50}ms` } });
  late.exchange.onDeadline(systemClock.now() + 2 * HELD_MS);
  assert.deepEqual(await ended(late.rig, late.exchange), WARNING);
});

it('the request that is not an event stream fails without headers, however long it takes', async (test) => {
  const held = heldReply();
  const server = await serve(test, held.reply);
  let movedMs = 0;
  const rig = new ExchangeRig(server.origin, {}, { now: () => systemClock.now() + movedMs });
  const exchange = rig.begin();
  await held.socket;
  movedMs = 2 * HELD_MS;
  rig.connection.abortAll('the graceful stop is over', 'TMO_GRACEFUL_STOP');
  assert.deepEqual(await ended(rig, exchange), ['TMO_GRACEFUL_STOP', 'the graceful stop is over']);
});
