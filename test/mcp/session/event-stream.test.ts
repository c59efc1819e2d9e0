import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { it } from 'node:test';
import { PING } from '../../../src/mcp/operations/call.ts';
import { type Answer, openWithoutSession } from '../../support/mcp-server.ts';
import { chunkOf, eventOf, eventStream, httpReply, openStream } from '../../support/raw-http.ts';
import { CALLER, startSession, until } from '../../support/session-rig.ts';

const target = { eventStream: true };
const ping = { ping: () => ({}) };
const question = eventOf({ jsonrpc: '2.0', id: 'q', method: 'ping' });

it('the event stream of a session is not opened unless the plan says so', async (t) => {
  const rig = await startSession(t, {});
  const session = rig.legacy();
  await session.open(CALLER);
  await session.close(CALLER);
  assert.equal(rig.server.of('GET').length, 0);
});

it('the event stream of a session is opened before the first call and closed with the session', async (t) => {
  const rig = await startSession(t, { ...ping, GET: () => openStream() }, { target });
  const session = rig.legacy();
  await session.open(CALLER);
  const { headers } = rig.server.of('GET')[0] ?? { headers: {} as Record<string, string> };
  assert.equal(headers['mcp-session-id'], 'a-Session');
  assert.equal(headers['mcp-protocol-version'], '2025-11-25');
  assert.equal(headers.accept, 'text/event-stream');
  assert.equal(headers['last-event-id'], undefined);
  assert.equal(headers['content-type'], undefined);
  await session.request(PING, CALLER);
  await session.close(CALLER);
  assert.deepEqual(rig.server.methods(), [
    'initialize',
    'notifications/initialized',
    'GET',
    'tools/list',
    'ping',
    'DELETE',
  ]);
  await until(() => rig.exchanges.length === 6);
  assert.ok(rig.samples().includes('GET OK'), 'closing it ourselves is not a failure');
});

it('the event stream of a session delays the opening of the session until the server has answered the GET, so that no message is missed', async (t) => {
  const waiting: (() => void)[] = [];
  const answers: Record<string, Answer> = {
    GET: ({ socket }) => {
      waiting.push(() => socket.write(openStream(question)));
      return undefined;
    },
  };
  const rig = await startSession(t, answers, { target });
  const session = rig.legacy();
  let isOpen = false;
  const opening = session.open(CALLER).then(() => {
    isOpen = true;
  });
  await until(() => waiting.length === 1);
  assert.equal(isOpen, false);
  assert.equal(rig.server.of('tools/list').length, 0);
  waiting[0]?.();
  await opening;
  await until(() => rig.server.of('response').length === 1);
  assert.equal(session.waitedMs, 0, 'the server answered');
  assert.deepEqual(rig.server.of('response')[0]?.rpc, { jsonrpc: '2.0', id: 'q', result: {} });
  await session.close(CALLER);
});

it('the event stream of a session is opened again after the last event, after the wait that the server asks for', async (t) => {
  // A server that asks for 0 ms gets a pause of 20 ms.
  const streams = [`id: a\nretry: 30\ndata:\n\n`, ':nothing\n\n', 'retry: 0\n\n'];
  const answers = {
    ...ping,
    GET: () => {
      const next = streams.shift();
      return next === undefined ? openStream() : eventStream(next);
    },
  };
  const rig = await startSession(t, answers, { target });
  const session = rig.legacy();
  await session.open(CALLER);
  await until(() => rig.server.of('GET').length === 4);
  const gets = rig.server.of('GET');
  assert.deepEqual(
    gets.map(({ headers }) => headers['last-event-id']),
    [undefined, 'a', 'a', 'a'],
  );
  for (const [index, ms] of [30, 30, 20].entries()) {
    const waitedMs = (gets[index + 1]?.atMs ?? 0) - (gets[index]?.atMs ?? 0);
    assert.ok(waitedMs >= ms - 1 && waitedMs < 900, `waited ${waitedMs} ms instead of ${ms}`);
  }
  await session.close(CALLER);
  assert.equal(rig.server.of('GET').length, 4);
});

for (const reply of [httpReply(405, [], ''), httpReply(404, [], 'Cannot GET /mcp'), httpReply(500, [], '')]) {
  const status = reply.slice(9, 12);
  it(`the event stream of a session is requested once when the server refuses it with ${status}, and the session continues`, async (t) => {
    const rig = await startSession(t, { ...ping, GET: () => reply }, { target });
    const session = rig.legacy();
    await session.open(CALLER);
    assert.equal((await session.request(PING, CALLER)).outcome, 'OK');
    assert.equal(session.alive, true);
    await session.close(CALLER);
    assert.equal(rig.server.of('GET').length, 1);
    const outcome = { 405: 'OK', 404: 'SESS_EXPIRED', 500: 'HTTP_500' }[status];
    assert.ok(rig.samples().includes(`GET ${outcome}`), rig.samples().join());
  });
}

it('the event stream of a session ends when the server has lost the session, for which no DELETE is sent', async (t) => {
  const rig = await startSession(t, { ping: () => httpReply(404, [], ''), GET: () => openStream() }, { target });
  const session = rig.legacy();
  await session.open(CALLER);
  assert.equal((await session.request(PING, CALLER)).outcome, 'SESS_EXPIRED');
  await until(() => rig.samples().includes('GET OK'));
  // Would wait for a stream that is still open.
  await rig.close();
  assert.equal(rig.server.of('GET').length, 1);
});

it('the event stream of a session carries server requests, of which 16 at a time are answered and the rest are counted', async (t) => {
  let asked: Socket | undefined;
  const ask = (from: number, to: number) => {
    for (let id = from; id < to; id++) asked?.write(chunkOf(eventOf({ jsonrpc: '2.0', id, method: 'ping' })));
  };
  const answers: Record<string, Answer> = {
    GET: ({ socket }) => {
      asked = socket;
      socket.write(openStream());
      socket.cork();
      ask(0, 50);
      socket.uncork();
      return undefined;
    },
  };
  const rig = await startSession(t, answers, { target: { ...target, maxConnections: 2 } });
  const session = rig.legacy();
  await session.open(CALLER);
  const answered = () => rig.samples().filter((sample) => sample === 'response:ping OK').length;
  await until(() => answered() === 16);
  assert.deepEqual(
    rig.server.of('response').map(({ id }) => id),
    Array.from({ length: 16 }, (_, id) => id),
  );
  assert.equal(rig.extraRequests.refused, 34);
  ask(50, 60);
  await until(() => answered() === 26);
  assert.equal(rig.extraRequests.refused, 34);
  await session.close(CALLER);
});

it('the event stream of a session gets answers only as fast as the operator allows starts', async (t) => {
  const answers: Record<string, Answer> = {
    GET: ({ socket }) => {
      socket.write(openStream());
      for (let id = 0; id < 10; id++) socket.write(chunkOf(eventOf({ jsonrpc: '2.0', id, method: 'ping' })));
      return undefined;
    },
  };
  const rig = await startSession(t, answers, { target, maxRate: 3 });
  const session = rig.legacy();
  await session.open(CALLER);
  await until(() => rig.extraRequests.refused === 7);
  await until(() => rig.samples().filter((sample) => sample === 'response:ping OK').length === 3);
  await session.close(CALLER);
});

it('the event stream of a session is opened again ever less often when each ends immediately and asks for no wait', async (t) => {
  const rig = await startSession(t, { GET: () => eventStream('retry: 0\nid: 1\ndata:\n\n') }, { target });
  const session = rig.legacy();
  await session.open(CALLER);
  await until(() => rig.server.of('GET').length === 5);
  const times = rig.server.of('GET').map(({ atMs }) => atMs);
  for (const [index, least] of [20, 40, 80, 160].entries()) {
    const waitedMs = (times[index + 1] ?? 0) - (times[index] ?? 0);
    assert.ok(waitedMs >= least - 1, `waited ${waitedMs} ms instead of ${least}`);
  }
  await session.close(CALLER);
});

it('the event stream of a session works with a server that keeps no sessions', async (t) => {
  const rig = await startSession(t, { initialize: openWithoutSession }, { target });
  const session = rig.legacy();
  const opened = await session.open(CALLER);
  assert.ok('facts' in opened && opened.facts.session === 'stateless');
  await session.close(CALLER);
  assert.deepEqual(rig.server.methods(), ['initialize', 'notifications/initialized', 'GET', 'tools/list']);
});
