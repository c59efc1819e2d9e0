import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import type { Exchange } from '../../../src/mcp/http/exchange.ts';
import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import { chunkOf, eventOf, LAST_CHUNK, openStream } from '../../support/raw-http.ts';
import { type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';
import { clocksOf, ExchangeRig } from './exchange-rig.ts';
import { good, result } from './outcome-case.ts';

const ALL_CLOCKS = 'socket headers event close';

/** A server that answers the first request in a stream that it leaves open, and one connection to it. */
async function withHeldStream(
  heldStreams: 'cut' | 'read',
  check: (rig: ExchangeRig, server: ScriptedServer, held: () => Socket) => Promise<void>,
): Promise<void> {
  const sockets: Socket[] = [];
  const server = await startScriptedServer((socket) => {
    sockets.push(socket);
    socket.write(openStream(eventOf(result)));
  }, good);
  const rig = new ExchangeRig(server.origin, { heldStreams });
  try {
    await check(rig, server, () => sockets[0] as Socket);
    await rig.connection.close();
  } finally {
    await server.close();
  }
}

/** Milliseconds from the answer to the end of the stream. */
function heldMs({ sample: { durationMs, closeMs } }: Exchange): number {
  return (closeMs as number) - durationMs;
}

describe('a stream that stays open after its answer', () => {
  it('is cut after a quarter of a second; the next request takes a new connection, and its caller waits for neither', () =>
    withHeldStream('cut', async (rig, server) => {
      const exchange = rig.begin();
      await exchange.settled;
      assert.equal(exchange.outcome, 'OK');
      assert.equal(exchange.sample.closeMs, undefined, 'the caller goes on before the stream is cut');
      const next = rig.begin();
      await Promise.all([rig.finish(exchange), rig.finish(next)]);
      assert.equal(clocksOf(exchange), ALL_CLOCKS);
      assert.ok(heldMs(exchange) >= 245 && heldMs(exchange) < 2000, `cut after ${heldMs(exchange)} ms`);
      assert.equal(exchange.sample.flags, SAMPLE_FLAG.sse | SAMPLE_FLAG.held);
      assert.equal(next.outcome, 'OK');
      assert.ok((next.sample.socketMs ?? 0) >= 200, 'it had to wait for the only connection');
      assert.equal(next.sample.flags, 0);
      assert.equal(server.connections, 2);
    }));

  it('is not held when it ends within the quarter of a second, and its connection serves on', () =>
    withHeldStream('cut', async (rig, server, held) => {
      const exchange = rig.begin();
      await exchange.settled;
      held().write(LAST_CHUNK);
      await rig.finish(exchange);
      assert.equal(exchange.sample.flags, SAMPLE_FLAG.sse);
      assert.equal((await rig.send()).outcome, 'OK');
      assert.equal(server.connections, 1);
    }));

  it('is read to its end where the plan says so, without changing what was decided', () =>
    withHeldStream('read', async (rig, server, held) => {
      const exchange = rig.begin();
      await exchange.settled;
      const bytes = exchange.sample.bytes;
      const late = eventOf({ id: 1, error: { code: 1, message: 'late' } });
      setTimeout(() => held().write(chunkOf(late) + LAST_CHUNK), 300);
      await rig.finish(exchange);
      assert.equal(exchange.outcome, 'OK');
      assert.equal(clocksOf(exchange), ALL_CLOCKS);
      assert.ok(heldMs(exchange) >= 290, `ended after ${heldMs(exchange)} ms`);
      assert.equal(exchange.sample.flags, SAMPLE_FLAG.sse);
      assert.equal(exchange.sample.bytes, bytes + late.length);
      assert.equal((await rig.send()).outcome, 'OK');
      assert.equal(server.connections, 1);
    }));

  it('says nothing about the answer when it breaks', () =>
    withHeldStream('read', async (rig, server, held) => {
      const exchange = rig.begin();
      await exchange.settled;
      held().resetAndDestroy();
      await rig.finish(exchange);
      assert.equal(exchange.outcome, 'OK');
      assert.equal(clocksOf(exchange), ALL_CLOCKS);
      assert.equal((await rig.send()).outcome, 'OK');
      assert.equal(server.connections, 2);
    }));
});
