import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Exchange } from '../../../src/mcp/http/exchange.ts';
import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { listenDuring, scriptedLookup } from '../../support/loopback-server.ts';
import { chunkOf, eventOf, eventStream, httpReply, LAST_CHUNK, openStream } from '../../support/raw-http.ts';
import { clocksOf, ExchangeRig, good, heldReply, plainRequest, result, serve } from './exchange-rig.ts';

it('makes a connection available before the caller continues, so that its next request needs no other', async (test) => {
  const server = await serve(test, good, eventStream(eventOf(result)), good);
  const rig = new ExchangeRig(server.origin, { maxConnections: 10 });
  for (let sent = 0; sent < 3; sent++) {
    const exchange = rig.begin();
    await exchange.settled;
    assert.equal(exchange.outcome, 'OK');
  }
  await rig.connection.close();
  assert.equal(server.connections, 1);
});

it('says that a broken connection had been reused, because the server may have closed it as idle', async (test) => {
  const server = await serve(test, good, (socket) => socket.resetAndDestroy(), good);
  const rig = new ExchangeRig(server.origin);
  await rig.send();
  const broken = await rig.send();
  assert.equal(broken.outcome, 'NET_RESET_PRE');
  assert.match(broken.message, /; the connection had served other requests before$/);
  assert.equal(broken.sample.connectMs, undefined);
  assert.equal(clocksOf(broken), 'socket close');
  assert.equal((await rig.send()).outcome, 'OK');
  assert.equal(server.connections, 2);
  await rig.connection.close();
});

it('uses no connection for requests that time out while they wait for one', async (test) => {
  const held = heldReply();
  const server = await serve(test, held.reply, good);
  const rig = new ExchangeRig(server.origin, { timeouts: { headers: '250ms' } });
  const first = rig.begin();
  const socket = await held.socket;
  // Headers in time, so that only the requests behind this one time out.
  socket.write(openStream(': soon\n\n'));
  const late = await Promise.all([rig.send(), rig.send(), rig.send()]);
  for (const exchange of late) {
    assert.equal(exchange.outcome, 'TMO_HEADERS');
    assert.match(
      exchange.message,
      /not sent, because no connection was free: all that maxConnections allows were in use$/,
    );
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

it('sends nothing, and opens no connection, once no load may be made any more', async (test) => {
  const server = await serve(test, good);
  const rig = new ExchangeRig(server.origin, {}, { gate: { allows: () => false } });
  const refused = await rig.send();
  assert.deepEqual([refused.outcome, refused.message], ['CLIENT_ABORT', 'the load has ended']);
  assert.equal(clocksOf(refused), '');
  await rig.connection.close();
  assert.deepEqual([server.connections, server.requests.length], [0, 0]);
});

it('does not send a request that waited for a connection until no load may be made any more', async (test) => {
  for (const keepsAlive of [true, false]) {
    const held = heldReply();
    const server = await serve(test, held.reply, good);
    const gate = { isOpen: true, allows: () => gate.isOpen };
    const rig = new ExchangeRig(server.origin, {}, { gate });
    const first = rig.begin();
    const [socket, waiting] = [await held.socket, rig.begin()];
    gate.isOpen = false;
    if (keepsAlive) socket.write(good);
    else socket.destroy();
    await Promise.all([rig.finish(first), rig.finish(waiting)]);
    assert.equal(first.outcome, keepsAlive ? 'OK' : 'NET_RESET_PRE');
    assert.deepEqual([waiting.outcome, clocksOf(waiting)], ['CLIENT_ABORT', '']);
    await rig.connection.close();
    assert.equal(server.requests.length, 1);
  }
});

it('marks requests that found all connections in use, and no others', async (test) => {
  const replies = [heldReply(), heldReply(), heldReply()];
  const server = await serve(test, ...replies.map(({ reply }) => reply));
  const rig = new ExchangeRig(server.origin, { maxConnections: 2 });
  const exchanges = [rig.begin(), rig.begin(), rig.begin()];
  const queued = exchanges.map(({ sample }) => (sample.flags & SAMPLE_FLAG.queued) > 0);
  assert.deepEqual(queued, [false, false, true]);
  for (const [at, { socket }] of replies.entries()) {
    (await socket).write(good);
    await rig.finish(exchanges[at] as Exchange);
  }
  assert.deepEqual(
    exchanges.map(({ outcome }) => outcome),
    ['OK', 'OK', 'OK'],
  );
  assert.equal(server.connections, 2);
  await rig.connection.close();
});

it('sends the waiting requests over a new connection when theirs breaks', async (test) => {
  const server = await serve(test, (socket) => socket.resetAndDestroy(), good);
  const rig = new ExchangeRig(server.origin);
  const exchanges = await Promise.all([rig.send(), rig.send(), rig.send()]);
  assert.deepEqual(
    exchanges.map(({ outcome }) => outcome),
    ['NET_RESET_PRE', 'OK', 'OK'],
  );
  assert.equal(server.requests.length, 3);
  await rig.connection.close();
});

it('closes only after the last request has ended, and may be closed twice', async (test) => {
  const held = heldReply();
  const server = await serve(test, held.reply);
  const rig = new ExchangeRig(server.origin);
  const exchange = rig.begin();
  const socket = await held.socket;
  const gone = once(socket, 'close');
  let closed = 0;
  const closing = [rig.connection.close(), rig.connection.close()].map((close) => close.then(() => closed++));
  socket.write(good.slice(0, -1));
  const other = new ExchangeRig((await serve(test, good)).origin);
  await other.send();
  assert.equal(closed, 0);
  socket.write(good.slice(-1));
  await Promise.all(closing);
  assert.deepEqual(rig.finished, [exchange]);
  assert.equal(exchange.outcome, 'OK');
  await gone;
  await other.connection.close();
});

it('lets the DELETE of every session finish when it is closed', async (test) => {
  const SESSIONS = 3;
  const waiting: (() => void)[] = [];
  // The server answers when the last one has arrived, which is after the call of `close`.
  const server = await serve(test, (socket) => {
    waiting.push(() => socket.write(httpReply(200, [], '')));
    if (waiting.length === SESSIONS) for (const answer of waiting) answer();
  });
  const rig = new ExchangeRig(server.origin, { maxConnections: SESSIONS });
  for (let session = 0; session < SESSIONS; session++) {
    rig.begin({ method: 'DELETE', body: null, expects: 'deletion', id: 0, sentSessionId: true });
  }
  await rig.connection.close();
  assert.deepEqual(
    rig.finished.map(({ outcome, status }) => [outcome, status]),
    Array.from({ length: SESSIONS }, () => ['OK', 200]),
  );
});

for (const status of [301, 302, 307, 308]) {
  it(`does not follow a redirect to another origin (${status})`, async (test) => {
    const other = await serve(test, good);
    const redirect = `HTTP/1.1 ${status} Any\r\nlocation: ${other.origin}/mcp\r\ncontent-length: 0\r\n\r\n`;
    const server = await serve(test, redirect, good);
    const rig = new ExchangeRig(server.origin);
    const exchange = await rig.send({ headers: ['authorization', 'Bearer secret'] });
    assert.equal(exchange.outcome, 'HTTP_3XX');
    assert.equal(exchange.message, `${other.origin}/mcp`);
    await rig.send();
    await rig.connection.close();
    assert.equal(server.requests.length, 2);
    assert.equal(server.connections, 1);
    assert.equal(other.connections, 0);
  });
}

it('sends the path and query of the URL unchanged', async (test) => {
  const server = await serve(test, good);
  const rig = new ExchangeRig(`${server.origin}/api/mcp?maxTokenBudget=5`);
  await rig.send();
  assert.match(server.requests[0]?.head ?? '', /^POST \/api\/mcp\?maxTokenBudget=5 HTTP\/1\.1\r\n/);
  await rig.connection.close();
});

it('sends GET without a body', async (test) => {
  const server = await serve(test, good);
  const rig = new ExchangeRig(server.origin);
  await rig.send({ method: 'GET', body: null });
  assert.match(server.requests[0]?.head ?? '', /^GET \/ HTTP\/1\.1\r\n/);
  assert.doesNotMatch(server.requests[0]?.head ?? '', /content-length|transfer-encoding/i);
  await rig.connection.close();
});

it('asks for no compression, and does not decompress a reply that is compressed anyway', async (test) => {
  const body = gzipSync(JSON.stringify(result));
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}`;
  const server = await serve(test, (socket) => socket.write(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body])));
  const rig = new ExchangeRig(server.origin);
  const exchange = await rig.send();
  assert.doesNotMatch(server.requests[0]?.head ?? '', /accept-encoding/i);
  assert.equal(exchange.sample.bytes, body.length);
  assert.notEqual(exchange.outcome, 'OK');
  await rig.connection.close();
});

it('sends nothing to an address that is not allowed (NET_FORBIDDEN)', async (test) => {
  const server = await serve(test, good);
  const howToAllow = { loopback: 'to allow it, set LOOPBACK' };
  const addresses = { allowLoopback: false, allowedAddresses: [], howToAllow };
  const rig = new ExchangeRig(server.origin, {}, { addresses });
  const exchange = rig.begin();
  await exchange.settled;
  assert.equal(exchange.outcome, 'NET_FORBIDDEN');
  assert.match(exchange.message, /127\.0\.0\.1 is this machine .*set LOOPBACK/);
  await rig.connection.close();
  assert.equal(server.connections, 0);
});

it('sends concurrent calls over one HTTP/2 connection; the first one records how long opening it took', async (test) => {
  const { key, cert } = makeCertificate('DNS:mcp.test');
  const waiting: (() => void)[] = [];
  const secure = createSecureServer({ key, cert, allowHTTP1: false }).on('stream', (stream) => {
    waiting.push(() => {
      stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
      stream.end(eventOf(result));
    });
    if (waiting.length === 2) for (const answer of waiting) answer();
  });
  const server = await listenDuring(test, secure);
  const lookup = scriptedLookup(['127.0.0.1']);
  const target = { http2: true, maxConnections: undefined };
  const { connection } = new ExchangeRig(`https://mcp.test:${server.port}/mcp`, target, { lookup, ca: cert });
  const exchanges = [connection.prepare(plainRequest), connection.prepare(plainRequest)] as const;
  for (const exchange of exchanges) connection.dispatch(exchange);
  await Promise.all(exchanges.map(({ settled }) => settled));
  for (const exchange of exchanges) {
    assert.equal(exchange.outcome, 'OK', exchange.message);
    assert.equal(clocksOf(exchange), 'socket headers event close');
    assert.equal(exchange.sample.flags & SAMPLE_FLAG.queued, 0);
  }
  const [first, second] = exchanges.map(({ sample }) => sample);
  assert.ok(first?.connectMs !== undefined && first.tlsMs !== undefined && first.socketMs !== undefined);
  assert.ok(first.connectMs > 0 && first.tlsMs > 0 && first.connectMs + first.tlsMs <= first.socketMs);
  assert.deepEqual([second?.connectMs, second?.tlsMs], [undefined, undefined]);
  assert.equal(server.connections, 1);
  await connection.close();
});
