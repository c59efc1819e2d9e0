import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import { type Answer, accepted, openWithoutSession, SESSION_ID } from '../../support/mcp-server.ts';
import { eventOf, httpReply, jsonReply, openStream } from '../../support/raw-http.ts';
import { CALLER, startSession, until } from '../../support/session-rig.ts';

const look = callTool('look')('{}');
const silent: Answer = () => undefined;

describe('a call that has ended without an answer', () => {
  const timeouts = [
    { name: 'no headers', outcome: 'TMO_HEADERS', answer: silent, timeouts: { headers: '300ms' } },
    { name: 'a silent stream', outcome: 'TMO_IDLE', answer: () => openStream(), timeouts: { idle: '300ms' } },
    { name: 'the total timeout', outcome: 'TMO_TOTAL', answer: silent, timeouts: { total: '300ms' } },
  ];
  for (const { name, outcome, answer, timeouts: target } of timeouts) {
    it(`is cancelled at the server after ${name}, before the session ends`, async (t) => {
      const rig = await startSession(t, { 'tools/call': answer }, { target: { timeouts: target } });
      const session = rig.legacy();
      await session.open(CALLER);
      const exchange = await session.request(look, CALLER);
      assert.equal(exchange.outcome, outcome, exchange.message);
      await session.close(CALLER);
      assert.deepEqual(rig.server.methods().slice(-3), ['tools/call', 'notifications/cancelled', 'DELETE']);
      const [cancelled] = rig.server.of('notifications/cancelled');
      assert.deepEqual(cancelled?.rpc, {
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: rig.server.of('tools/call')[0]?.id, reason: 'no answer in time' },
      });
      assert.equal(cancelled?.headers['mcp-session-id'], SESSION_ID);
      assert.deepEqual(rig.samples().slice(-3), [
        `tools/call:look ${outcome}`,
        'notifications/cancelled OK',
        'DELETE OK',
      ]);
    });
  }

  it('is cancelled at the server when the load ends', async (t) => {
    const rig = await startSession(t, { 'tools/call': silent });
    const session = rig.legacy();
    await session.open(CALLER);
    const call = session.request(look, CALLER);
    await until(() => rig.server.of('tools/call').length === 1);
    rig.connection.abortAll('the graceful stop is over', 'CLIENT_ABORT');
    assert.equal((await call).outcome, 'CLIENT_ABORT');
    await session.close(CALLER);
    const { requestId, reason } = rig.server.of('notifications/cancelled')[0]?.params ?? {};
    assert.deepEqual([requestId, reason], [rig.server.of('tools/call')[0]?.id, 'the load has ended']);
  });

  it('is cancelled before the session ends, however long the server takes to accept it', async (t) => {
    let take: (() => void) | undefined;
    const answers: Record<string, Answer> = {
      'tools/call': silent,
      'notifications/cancelled': ({ socket }) => {
        take = () => socket.write(accepted);
        return undefined;
      },
    };
    const rig = await startSession(t, answers, { target: { timeouts: { total: '300ms' } } });
    const session = rig.legacy();
    await session.open(CALLER);
    await session.request(look, CALLER);
    const closing = session.close(CALLER);
    assert.equal(session.alive, false);
    await until(() => take !== undefined);
    assert.equal(rig.server.of('DELETE').length, 0);
    take?.();
    await closing;
    assert.deepEqual(rig.server.methods().slice(-2), ['notifications/cancelled', 'DELETE']);
  });

  it('is not cancelled when it was never sent', async (t) => {
    const rig = await startSession(
      t,
      { 'tools/call': silent },
      { target: { maxConnections: 1, timeouts: { headers: '400ms' } } },
    );
    const session = rig.legacy();
    await session.open(CALLER);
    const calls = [session.request(look, CALLER), session.request(look, CALLER)];
    const outcomes = (await Promise.all(calls)).map(({ sample: { outcome, socketMs } }) => [
      outcome,
      socketMs !== undefined,
    ]);
    assert.deepEqual(outcomes, [
      ['TMO_HEADERS', true],
      ['TMO_HEADERS', false],
    ]);
    await session.close(CALLER);
    const cancelled = rig.server.of('notifications/cancelled').map(({ params }) => params.requestId);
    assert.deepEqual(cancelled, [rig.server.of('tools/call')[0]?.id]);
  });

  it('is not cancelled when its answer came in an event that was never closed', async (t) => {
    const rig = await startSession(
      t,
      { 'tools/call': ({ id }) => openStream(eventOf({ id, result: { content: [] } }).trimEnd()) },
      { target: { timeouts: { idle: '300ms' } } },
    );
    const session = rig.legacy();
    await session.open(CALLER);
    assert.equal((await session.request(look, CALLER)).outcome, 'TMO_UNTERMINATED');
    await session.close(CALLER);
    assert.equal(rig.server.of('notifications/cancelled').length, 0);
  });

  it('is not cancelled when it is initialize', async (t) => {
    const rig = await startSession(t, { initialize: silent }, { target: { timeouts: { headers: '300ms' } } });
    const session = rig.legacy();
    const opened = await session.open(CALLER);
    assert.ok('failed' in opened && opened.failed.outcome === 'TMO_HEADERS');
    await session.close(CALLER);
    await rig.close();
    assert.deepEqual(rig.server.methods(), ['initialize']);
  });
});

describe('the end of a session', () => {
  const deletions = [
    ...[200, 202, 204, 404, 405].map((status) => ({ status, outcome: 'OK' })),
    { status: 400, outcome: 'HTTP_400' },
    { status: 500, outcome: 'HTTP_500' },
  ];
  for (const { status, outcome } of deletions) {
    it(`sends DELETE, and records ${outcome} for status ${status}`, async (t) => {
      const rig = await startSession(t, { DELETE: () => httpReply(status, [], '') });
      const session = rig.legacy();
      await session.open(CALLER);
      await session.close(CALLER);
      await session.close(CALLER);
      assert.equal(session.alive, false);
      const [deletion, ...more] = rig.server.of('DELETE');
      assert.deepEqual(more, []);
      assert.equal(deletion?.headers['mcp-session-id'], SESSION_ID);
      assert.equal(deletion?.headers['mcp-protocol-version'], '2025-11-25');
      assert.equal(rig.samples().at(-1), `DELETE ${outcome}`);
    });
  }

  it('sends nothing when the server keeps no sessions or the session was never opened', async (t) => {
    const rig = await startSession(t, { initialize: openWithoutSession });
    const session = rig.legacy();
    await session.close(CALLER);
    await session.open(CALLER);
    await session.close(CALLER);
    assert.deepEqual(rig.server.methods(), ['initialize', 'notifications/initialized', 'tools/list']);
    for (const { headers } of rig.server.incoming) assert.equal(headers['mcp-session-id'], undefined);
  });

  it('comes immediately when a server without sessions demands one later', async (t) => {
    const rig = await startSession(t, {
      initialize: openWithoutSession,
      'tools/call': () => httpReply(400, [], 'Bad Request: Mcp-Session-Id header is required'),
    });
    const session = rig.legacy();
    await session.open(CALLER);
    assert.equal((await session.request(look, CALLER)).outcome, 'SESS_MISSING');
    assert.equal(session.alive, false);
  });

  it('closes the event stream and sends nothing when the session is abandoned', async (t) => {
    let streams = 0;
    const stream: Answer = ({ socket }) => {
      streams++;
      socket.on('close', () => streams--);
      return openStream();
    };
    const rig = await startSession(t, { GET: stream }, { target: { eventStream: true } });
    const session = rig.legacy();
    await session.open(CALLER);
    assert.equal(streams, 1);
    session.abandon();
    assert.equal(session.alive, false);
    await until(() => streams === 0);
    await session.close(CALLER);
    assert.deepEqual(rig.server.of('DELETE'), []);
  });
});

describe('a revision that the plan pins', () => {
  for (const pinned of ['2025-03-26', '2025-06-18', '2025-11-25']) {
    it(`is the only one offered, and the session is not opened with another: ${pinned}`, async (t) => {
      const rig = await startSession(
        t,
        { initialize: ({ id }) => jsonReply({ id, result: { protocolVersion: '2024-11-05', capabilities: {} } }) },
        { target: { protocol: pinned } },
      );
      const opened = await rig.legacy().open(CALLER);
      assert.ok('failed' in opened && opened.failed.outcome === 'PROTO_VERSION');
      assert.equal(rig.server.of('initialize')[0]?.params.protocolVersion, pinned);
      assert.deepEqual(rig.server.methods(), ['initialize']);
    });
  }
});
