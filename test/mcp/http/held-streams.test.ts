import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { it, type TestContext } from 'node:test';
import type { Exchange } from '../../../src/mcp/http/exchange.ts';
import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import { chunkOf, eventOf, LAST_CHUNK, openStream } from '../../support/raw-http.ts';
import type { ScriptedServer } from '../../support/scripted-server.ts';
import { clocksOf, ExchangeRig, good, heldReply, result, serve } from './exchange-rig.ts';

const ALL_CLOCKS = 'socket headers event close';
const EVENT = eventOf(result);

/** An answered request whose stream the server leaves open. */
type Held = {
  readonly rig: ExchangeRig;
  readonly server: ScriptedServer;
  readonly socket: Socket;
  readonly exchange: Exchange;
};

/** Sends a request, answers it in a stream that stays open, and waits until the caller continues. */
async function holdStream(test: TestContext, heldStreams: 'cut' | 'read'): Promise<Held> {
  const held = heldReply();
  const server = await serve(test, held.reply, good);
  const rig = new ExchangeRig(server.origin, { heldStreams });
  const exchange = rig.begin();
  const socket = await held.socket;
  socket.write(openStream(EVENT));
  await exchange.settled;
  assert.equal(exchange.outcome, 'OK');
  return { rig, server, socket, exchange };
}

/** Milliseconds from the answer to the end of the stream. */
function heldMs({ sample: { durationMs, closeMs } }: Exchange): number {
  return (closeMs as number) - durationMs;
}

it('cuts an answered stream after a quarter of a second, and sends the next request over a new connection', async (test) => {
  const { rig, server, exchange } = await holdStream(test, 'cut');
  assert.equal(exchange.sample.closeMs, undefined, 'the caller continues before the stream is cut');
  assert.equal(rig.finished.length, 0);
  const next = rig.begin();
  await Promise.all([rig.finish(exchange), rig.finish(next)]);
  assert.equal(clocksOf(exchange), ALL_CLOCKS);
  assert.ok(heldMs(exchange) >= 245 && heldMs(exchange) < 2000, `cut after ${heldMs(exchange)} ms`);
  assert.equal(exchange.sample.flags, SAMPLE_FLAG.sse | SAMPLE_FLAG.held);
  assert.equal(next.outcome, 'OK');
  assert.ok((next.sample.socketMs ?? 0) >= 200, 'it had to wait for the only connection');
  assert.equal(next.sample.flags, SAMPLE_FLAG.queued);
  assert.equal(server.connections, 2);
  await rig.connection.close();
});

it('keeps the connection of a stream that ends soon after its answer, and counts what comes until then', async (test) => {
  const { rig, server, socket, exchange } = await holdStream(test, 'cut');
  socket.write(chunkOf(': more\n') + LAST_CHUNK);
  await rig.finish(exchange);
  assert.equal(exchange.sample.bytes, EVENT.length + 7);
  assert.equal(exchange.sample.flags, SAMPLE_FLAG.sse);
  assert.equal((await rig.send()).outcome, 'OK');
  assert.equal(server.connections, 1);
  await rig.connection.close();
});

it('reads a stream to its end if the plan says so, without changing the outcome', async (test) => {
  const { rig, server, socket, exchange } = await holdStream(test, 'read');
  const { bytes } = exchange.sample;
  const late = eventOf({ id: 1, error: { code: 1, message: 'late' } });
  setTimeout(() => socket.write(chunkOf(late) + LAST_CHUNK), 300);
  await rig.finish(exchange);
  assert.equal(exchange.outcome, 'OK');
  assert.equal(clocksOf(exchange), ALL_CLOCKS);
  assert.ok(heldMs(exchange) >= 290, `ended after ${heldMs(exchange)} ms`);
  assert.equal(exchange.sample.flags, SAMPLE_FLAG.sse);
  assert.equal(exchange.sample.bytes, bytes + late.length);
  assert.equal((await rig.send()).outcome, 'OK');
  assert.equal(server.connections, 1);
  await rig.connection.close();
});

for (const heldStreams of ['cut', 'read'] as const) {
  it(`keeps the outcome of a stream that breaks after its answer (heldStreams: ${heldStreams})`, async (test) => {
    const { rig, server, socket, exchange } = await holdStream(test, heldStreams);
    socket.resetAndDestroy();
    await rig.finish(exchange);
    assert.equal(exchange.outcome, 'OK');
    assert.equal(clocksOf(exchange), ALL_CLOCKS);
    assert.equal((await rig.send()).outcome, 'OK');
    assert.equal(server.connections, 2);
    await rig.connection.close();
  });
}
