import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Authorizer, fixedAuthorizer } from '../../../src/mcp/auth/authorizer.ts';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import { type Clock, systemClock } from '../../../src/traffic/clock.ts';
import type { Answer } from '../../support/mcp-server.ts';
import { eventOf, eventStream, httpReply, openStream } from '../../support/raw-http.ts';
import { CALLER, type ScriptedRig, startSession, until } from '../../support/session-rig.ts';

const look = callTool('look')('{}');
const answerTo = (id: number, text = 'seen') => ({
  jsonrpc: '2.0',
  id,
  result: { content: [{ type: 'text', text }] },
});
const priming = (id: string, retryMs: number) => `id: ${id}\nretry: ${retryMs}\ndata:\n\n`;
const OPENED = ['initialize OK', 'notifications/initialized OK', 'tools/list OK'];
/** Ends the stream of the call before its answer. */
const endEarly: Answer = () => eventStream(priming('e1', 40));
const callId = (rig: { server: { of(method: string): { id: number }[] } }) => rig.server.of('tools/call')[0]?.id ?? 0;

describe('a call whose stream breaks before the answer', () => {
  it('is resumed after the wait that the server asks for, and its time counts from its own dispatch', async (t) => {
    const rig = await startSession(t, { 'tools/call': endEarly, GET: () => openStream(eventOf(answerTo(3))) });
    const session = rig.legacy();
    await session.open(CALLER);
    const exchange = await session.request(look, CALLER);
    assert.equal(exchange.outcome, 'OK', exchange.message);
    await session.close(CALLER);
    const [call, get] = [rig.server.of('tools/call')[0], rig.server.of('GET')[0]];
    assert.equal(get?.headers['last-event-id'], 'e1');
    assert.equal(get?.headers['mcp-session-id'], 'a-Session');
    assert.equal(get?.headers['mcp-protocol-version'], '2025-11-25');
    assert.equal(get?.headers.accept, 'text/event-stream');
    const waitedMs = (get?.atMs ?? 0) - (call?.atMs ?? 0);
    assert.ok(waitedMs >= 40 && waitedMs < 1000, `waited ${waitedMs} ms`);
    assert.ok(exchange.sample.durationMs >= 40);
    assert.ok((exchange.sample.headersMs ?? 1e9) < exchange.sample.durationMs - 30, 'its headers came long before');
    assert.equal(exchange.sample.closeMs, exchange.sample.durationMs);
    // The stream that brought the answer stays open. It must be cut, or the session could not end.
    assert.deepEqual(rig.samples(), [...OPENED, 'tools/call:look OK resumed', 'GET OK', 'DELETE OK']);
    assert.deepEqual(
      rig.exchanges.slice(-3).map(({ sample: { vu, iteration } }) => [vu, iteration]),
      Array(3).fill([3, 7]),
    );
  });

  it('is resumed when the connection breaks in the middle', async (t) => {
    const answers: Record<string, Answer> = {
      'tools/call': ({ socket }) => {
        socket.end(openStream(priming('e1', 30)));
        return undefined;
      },
      GET: () => eventStream(eventOf(answerTo(3))),
    };
    const rig = await startSession(t, answers);
    const session = rig.legacy();
    await session.open(CALLER);
    const exchange = await session.request(look, CALLER);
    assert.equal(exchange.outcome, 'OK', exchange.message);
    await session.close(CALLER);
    assert.equal(rig.server.of('tools/call').length, 1, 'the call itself is not sent again');
    assert.equal(rig.server.of('GET').length, 1);
  });

  it('fails with the outcome of its broken connection when it cannot be resumed', async (t) => {
    const answers: Record<string, Answer> = {
      'tools/call': ({ socket }) => {
        socket.end(openStream(priming('e1', 20)));
        return undefined;
      },
    };
    const rig = await startSession(t, answers);
    const session = rig.legacy();
    await session.open(CALLER);
    const { outcome, message } = await session.request(look, CALLER);
    assert.equal(outcome, 'NET_RESET_MID');
    assert.match(message, /UND_ERR_SOCKET.*; it could not be resumed/);
    await session.close(CALLER);
  });

  it('is resumed as often as it breaks, each time after the latest event and the latest wait', async (t) => {
    const streams = [
      eventStream(`id: e2\ndata:\n\n${eventOf({ method: 'notifications/progress' })}`),
      eventStream(':nothing new\n\n'),
      eventStream(priming('e3', 20)),
      eventStream(eventOf(answerTo(3))),
    ];
    const answers = { 'tools/call': endEarly, GET: () => streams.shift() ?? httpReply(500, [], '') };
    const rig = await startSession(t, answers);
    const session = rig.legacy();
    await session.open(CALLER);
    const exchange = await session.request(look, CALLER);
    assert.equal(exchange.outcome, 'OK', exchange.message);
    await session.close(CALLER);
    const gets = rig.server.of('GET');
    assert.deepEqual(
      gets.map(({ headers }) => headers['last-event-id']),
      ['e1', 'e2', 'e2', 'e3'],
    );
    const waits = gets.slice(1).map(({ atMs }, index) => atMs - (gets[index]?.atMs ?? 0));
    const asked = [40, 40, 20];
    for (const [index, ms] of asked.entries()) {
      assert.ok((waits[index] ?? 0) >= ms - 1 && (waits[index] ?? 0) < 900, `${waits} ms instead of ${asked}`);
    }
  });

  const hopeless = [
    { name: '405', reply: httpReply(405, [], ''), get: 'GET OK', why: /the server offers no stream \(405\)/ },
    { name: '404', reply: httpReply(404, [], 'gone'), get: 'GET SESS_EXPIRED', why: /SESS_EXPIRED gone/ },
    { name: '500', reply: httpReply(500, [], 'broken'), get: 'GET HTTP_500', why: /HTTP_500 broken/ },
  ];
  for (const { name, reply, get, why } of hopeless) {
    it(`fails with the outcome of its stream when the server answers the GET with ${name}, and the session continues`, async (t) => {
      const rig = await startSession(t, { 'tools/call': endEarly, GET: () => reply });
      const session = rig.legacy();
      await session.open(CALLER);
      const exchange = await session.request(look, CALLER);
      assert.equal(exchange.outcome, 'PROTO_NO_REPLY');
      assert.match(exchange.message, /^the stream ended without the response; it could not be resumed: /);
      assert.match(exchange.message, why);
      assert.equal(session.alive, true);
      await session.close(CALLER);
      assert.deepEqual(rig.samples(), [...OPENED, get, 'tools/call:look PROTO_NO_REPLY', 'DELETE OK']);
    });
  }

  it('reaches its total timeout while it waits, and is cancelled at the server', async (t) => {
    const rig = await startSession(
      t,
      { 'tools/call': () => eventStream(priming('e1', 60_000)) },
      { target: { timeouts: { total: '500ms', idle: '200ms' } } },
    );
    const session = rig.legacy();
    await session.open(CALLER);
    const exchange = await session.request(look, CALLER);
    assert.equal(exchange.outcome, 'TMO_TOTAL');
    assert.match(exchange.message, /within 500 ms; before that PROTO_NO_REPLY: the stream ended/);
    assert.equal(exchange.sample.closeMs, exchange.sample.durationMs);
    await session.close(CALLER);
    assert.equal(rig.server.of('GET').length, 0);
    assert.deepEqual(rig.server.of('notifications/cancelled')[0]?.params.requestId, callId(rig));
  });

  it('stops reading when the GET waited for a token until the call had timed out', async (t) => {
    const token = Promise.withResolvers<undefined>();
    let header: () => undefined | Promise<undefined> = () => undefined;
    const authorizer = { ...fixedAuthorizer(undefined), header: () => header() };
    const answer: Answer = () => {
      header = () => token.promise;
      return eventStream(priming('e1', 20));
    };
    const target = { timeouts: { total: '400ms', idle: '60s' } };
    const rig = await startSession(t, { 'tools/call': answer, GET: () => openStream() }, { target, authorizer });
    const session = rig.legacy();
    await session.open(CALLER);
    assert.equal((await session.request(look, CALLER)).outcome, 'TMO_TOTAL');
    token.resolve(undefined);
    await until(() => rig.samples().includes('GET CLIENT_ABORT'));
    await session.close(CALLER);
  });

  it('ends with the session, while it waits and while the GET is unanswered', async (t) => {
    for (const retryMs of [60_000, 20]) {
      let waits = 0;
      const sleepUntil: Clock['sleepUntil'] = (atMs, signal) => {
        waits++;
        return systemClock.sleepUntil(atMs, signal);
      };
      const clock = { now: systemClock.now, sleepUntil };
      const answers = { 'tools/call': () => eventStream(priming('e1', retryMs)), GET: () => undefined };
      const rig = await startSession(t, answers, { clock });
      const session = rig.legacy();
      await session.open(CALLER);
      const call = session.request(look, CALLER);
      await until(() => (retryMs === 20 ? rig.server.of('GET').length === 1 : waits === 1));
      await session.close(CALLER);
      const { outcome, message } = await call;
      assert.equal(outcome, 'PROTO_NO_REPLY');
      assert.match(message, /; the session was closed$/);
    }
  });

  it('gets its own answer when two calls wait, whichever stream the answer comes over', async (t) => {
    const calls: number[] = [];
    const answers: Record<string, Answer> = {
      'tools/call': ({ id }) => eventStream(priming(`of-${calls.push(id)}`, 30)),
      // Both streams bring both answers, the other call's first.
      GET: ({ headers }) => {
        const ids = headers['last-event-id'] === 'of-1' ? [...calls].reverse() : calls;
        return eventStream(eventOf(ids.map((id) => answerTo(id, `to ${id}`))));
      },
    };
    const rig = await startSession(t, answers);
    const session = rig.legacy();
    await session.open(CALLER);
    const exchanges = await Promise.all([session.request(look, CALLER), session.request(look, CALLER)]);
    for (const { outcome, result, request } of exchanges) {
      assert.equal(outcome, 'OK');
      assert.deepEqual(result, answerTo(request.id, `to ${request.id}`).result);
    }
    await session.close(CALLER);
  });

  it('ignores data that is not a message, over any stream', async (t) => {
    const odd = [{ method: 7 }, null, 'text', [], { id: 3 }, { id: 3, error: 'no' }, { id: 99, result: {} }];
    const answers = {
      'tools/call': endEarly,
      GET: () => eventStream(...odd.map(eventOf), 'data: <junk>\n\n', eventOf(answerTo(3))),
    };
    const rig = await startSession(t, answers);
    const session = rig.legacy();
    await session.open(CALLER);
    const { outcome, message } = await session.request(look, CALLER);
    assert.equal(outcome, 'OK', message);
    await session.close(CALLER);
  });

  it('sends event ids as UTF-8, and does not resume by an id that would end the header', async (t) => {
    const ids = ['caf\u00e9 \u2615', 'bad\u0007'];
    const answers = { 'tools/call': () => eventStream(priming(ids.shift() ?? '', 20)) };
    const rig = await startSession(t, answers);
    const session = rig.legacy();
    await session.open(CALLER);
    await session.request(look, CALLER);
    const sent = rig.server.of('GET')[0]?.headers['last-event-id'] ?? '';
    assert.equal(Buffer.from(sent, 'latin1').toString('utf8'), 'caf\u00e9 \u2615');
    const { outcome, message } = await session.request(look, CALLER);
    assert.equal(outcome, 'PROTO_NO_REPLY');
    assert.equal(message, 'the stream ended without the response');
    await session.close(CALLER);
    assert.equal(rig.server.of('GET').length, 1);
  });
});

const outOfFiles = () => Object.assign(new Error('connect EMFILE 127.0.0.1:9'), { code: 'EMFILE' });

describe('a call whose broken stream cannot be resumed because this machine has no files left', () => {
  async function endsAsClientLimit(rig: ScriptedRig): Promise<void> {
    const session = rig.legacy();
    await session.open(CALLER);
    const { outcome, message, closeMs, durationMs } = (await session.request(look, CALLER)).sample;
    assert.equal(outcome, 'CLIENT_LIMIT');
    assert.match(message, /^the stream could not be resumed: .*EMFILE.*raise its limit \(ulimit -n\)/);
    assert.equal(closeMs, durationMs);
    await session.close(CALLER);
    assert.equal(rig.server.of('GET').length, 0);
    const [call] = rig.server.of('tools/call');
    assert.deepEqual(
      rig.server.of('notifications/cancelled').map(({ params }) => params),
      [{ requestId: call?.id, reason: 'the client has no connection or memory left for the answer' }],
    );
    const samplesOf = (operation: string) => rig.samples().filter((sample) => sample.startsWith(operation));
    assert.deepEqual(samplesOf('GET'), ['GET CLIENT_LIMIT']);
    assert.deepEqual(samplesOf('tools/call'), ['tools/call:look CLIENT_LIMIT']);
  }

  it('ends in CLIENT_LIMIT when the GET gets no connection, and is cancelled at the server', async (t) => {
    const rig = await startSession(t, { 'tools/call': endEarly });
    const { connection } = rig;
    const dispatch = connection.dispatch.bind(connection);
    t.mock.method(connection, 'dispatch', (exchange: Parameters<typeof dispatch>[0]) => {
      if (exchange.request.method === 'GET') exchange.onResponseError(undefined, outOfFiles());
      else dispatch(exchange);
    });
    await endsAsClientLimit(rig);
  });

  it('ends in CLIENT_LIMIT when the token for the GET gets no connection', async (t) => {
    let refusals = 0;
    const authorizer: Authorizer = {
      ...fixedAuthorizer(undefined),
      header: () => (refusals-- > 0 ? Promise.reject(outOfFiles()) : undefined),
    };
    const answer: Answer = (incoming) => {
      refusals = 1;
      return endEarly(incoming);
    };
    await endsAsClientLimit(await startSession(t, { 'tools/call': answer }, { authorizer }));
  });
});
