import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { TargetConnection } from '../../../src/mcp/http/target-connection.ts';
import { targetSchema } from '../../../src/plan/target-schema.ts';
import { systemClock } from '../../../src/traffic/clock.ts';
import { chunkOf, eventOf, LAST_CHUNK, openStream } from '../../support/raw-http.ts';
import { type RawReply, type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';
import { clocksOf, ExchangeRig } from './exchange-rig.ts';
import { good, result } from './outcome-case.ts';

const servers: ScriptedServer[] = [];

async function serve(...script: RawReply[]): Promise<ScriptedServer> {
  const server = await startScriptedServer(...script);
  servers.push(server);
  return server;
}

/** A reply that comes when the test says so. */
function heldReply(): { readonly reply: RawReply; readonly socket: Promise<Socket> } {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  return { reply: resolve, socket: promise };
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

describe('TargetConnection', () => {
  it('settles a held stream at its answer, cuts it soon after, and replaces the connection', async () => {
    const server = await serve(openStream(eventOf(result)), good);
    const rig = new ExchangeRig(server.origin);
    const exchange = rig.begin();
    await exchange.settled;
    assert.equal(exchange.outcome, 'OK');
    assert.equal(rig.finished.length, 0);
    await rig.finish(exchange);
    assert.equal(clocksOf(exchange), 'socket headers event close');
    const heldMs = (exchange.sample.closeMs as number) - exchange.sample.durationMs;
    assert.ok(heldMs >= 245 && heldMs < 5000, `held for ${heldMs} ms`);
    assert.equal((await rig.send()).outcome, 'OK');
    assert.equal(server.connections, 2);
    await rig.connection.close();
  });

  it('counts what comes after the answer, and keeps the connection of a stream that ends by itself', async () => {
    const held = heldReply();
    const server = await serve(held.reply, good);
    const rig = new ExchangeRig(server.origin);
    const exchange = rig.begin();
    const socket = await held.socket;
    const event = eventOf(result);
    socket.write(openStream(event));
    await exchange.settled;
    socket.write(chunkOf(': more\n') + LAST_CHUNK);
    await rig.finish(exchange);
    assert.equal(exchange.sample.bytes, event.length + 7);
    assert.equal((await rig.send()).outcome, 'OK');
    assert.equal(server.connections, 1);
    await rig.connection.close();
  });

  it('stays OK when the stream breaks after its answer', async () => {
    const held = heldReply();
    const server = await serve(held.reply);
    const rig = new ExchangeRig(server.origin);
    const exchange = rig.begin();
    const socket = await held.socket;
    socket.write(openStream(eventOf(result)));
    await exchange.settled;
    socket.resetAndDestroy();
    await rig.finish(exchange);
    assert.equal(exchange.outcome, 'OK');
    assert.equal(clocksOf(exchange), 'socket headers event close');
    await rig.connection.close();
  });

  it('does not spend a connection on requests that timed out while they waited for one', async () => {
    const held = heldReply();
    const server = await serve(held.reply, good);
    const rig = new ExchangeRig(server.origin, { timeouts: { headers: '250ms' } });
    const first = rig.begin();
    const socket = await held.socket;
    // Headers in time, so that only the requests behind this one run out of time.
    socket.write(openStream(': soon\n\n'));
    const late = await Promise.all([rig.send(), rig.send(), rig.send()]);
    for (const exchange of late) {
      assert.equal(exchange.outcome, 'TMO_HEADERS');
      assert.match(exchange.message, /not sent, because no connection was free/);
      assert.equal(clocksOf(exchange), '');
    }
    socket.write(chunkOf(eventOf(result)) + LAST_CHUNK);
    await rig.finish(first);
    assert.equal(first.outcome, 'OK');
    assert.equal((await rig.send()).outcome, 'OK');
    assert.equal(server.connections, 1);
    assert.equal(server.requests.length, 2, 'a request that had ended was sent');
    await rig.connection.close();
    assert.deepEqual(late.map(clocksOf), ['', '', ''], 'a sample was changed after it had been taken');
  });

  it('sends the requests that wait over a new connection when theirs breaks', async () => {
    const server = await serve((socket) => socket.resetAndDestroy(), good);
    const rig = new ExchangeRig(server.origin);
    const exchanges = await Promise.all([rig.send(), rig.send(), rig.send()]);
    assert.deepEqual(
      exchanges.map(({ outcome }) => outcome),
      ['NET_RESET_PRE', 'OK', 'OK'],
    );
    assert.equal(server.requests.length, 3);
    await rig.connection.close();
  });

  it('aborts each request once: the one that is under way, and those that wait', async () => {
    const held = heldReply();
    const server = await serve(held.reply, good);
    const rig = new ExchangeRig(server.origin);
    const exchanges = [rig.begin(), rig.begin(), rig.begin()];
    const socket = await held.socket;
    const closed = once(socket, 'close');
    rig.connection.abortAll('the run is over');
    rig.connection.abortAll('again');
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

  it('keeps the outcome of an answered stream that is aborted', async () => {
    const server = await serve(openStream(eventOf(result)));
    const rig = new ExchangeRig(server.origin);
    const exchange = rig.begin();
    await exchange.settled;
    rig.connection.abortAll('the run is over');
    assert.deepEqual(rig.finished, [exchange]);
    assert.equal(exchange.outcome, 'OK');
    await rig.connection.close();
  });

  it('closes only when every request is accounted for, and may be closed twice', async () => {
    const held = heldReply();
    const server = await serve(held.reply);
    const rig = new ExchangeRig(server.origin);
    const exchange = rig.begin();
    const socket = await held.socket;
    const gone = once(socket, 'close');
    let closed = 0;
    const closing = [rig.connection.close(), rig.connection.close()].map((close) => close.then(() => closed++));
    socket.write(good.slice(0, -1));
    const other = new ExchangeRig((await serve(good)).origin);
    await other.send();
    assert.equal(closed, 0);
    socket.write(good.slice(-1));
    await Promise.all(closing);
    assert.deepEqual(rig.finished, [exchange]);
    assert.equal(exchange.outcome, 'OK');
    await gone;
    await other.connection.close();
  });

  it('sends path and query as they stand in the URL', async () => {
    const server = await serve(good);
    const rig = new ExchangeRig(`${server.origin}/api/mcp?maxTokenBudget=5`);
    await rig.send();
    assert.match(server.requests[0]?.head ?? '', /^POST \/api\/mcp\?maxTokenBudget=5 HTTP\/1\.1\r\n/);
    await rig.connection.close();
  });

  it('sends GET without a body', async () => {
    const server = await serve(good);
    const rig = new ExchangeRig(server.origin);
    await rig.send({ method: 'GET', body: null });
    assert.match(server.requests[0]?.head ?? '', /^GET \/ HTTP\/1\.1\r\n/);
    assert.doesNotMatch(server.requests[0]?.head ?? '', /content-length|transfer-encoding/i);
    await rig.connection.close();
  });

  it('asks for no compression, and takes a reply that is compressed all the same as it is', async () => {
    const body = gzipSync(JSON.stringify(result));
    const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}`;
    const server = await serve((socket) => socket.write(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body])));
    const rig = new ExchangeRig(server.origin);
    const exchange = await rig.send();
    assert.doesNotMatch(server.requests[0]?.head ?? '', /accept-encoding/i);
    assert.equal(exchange.sample.bytes, body.length);
    assert.notEqual(exchange.outcome, 'OK');
    await rig.connection.close();
  });

  it('NET_FORBIDDEN: sends nothing to an address that is not allowed', async () => {
    const server = await serve(good);
    const rig = new ExchangeRig(server.origin);
    const connection = new TargetConnection(targetSchema.parse({ url: server.origin }), {
      now: systemClock.now,
      addresses: { allowLoopback: false, allowedAddresses: [], howToAllow: { loopback: 'to allow it, set LOOPBACK' } },
      onExchange: () => {},
    });
    const exchange = connection.prepare((await rig.send()).request);
    connection.dispatch(exchange);
    await exchange.settled;
    assert.equal(exchange.outcome, 'NET_FORBIDDEN');
    assert.match(exchange.message, /127\.0\.0\.1 is this machine .*set LOOPBACK/);
    await connection.close();
    await rig.connection.close();
    assert.equal(server.connections, 1, 'only that of the rig');
  });
});
