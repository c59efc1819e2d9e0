import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PING } from '../../../src/mcp/operations/call.ts';
import { type Clock, systemClock } from '../../../src/traffic/clock.ts';
import { type Answer, openWithoutSession } from '../../support/mcp-server.ts';
import { chunkOf, eventOf, eventStream, httpReply, openStream } from '../../support/raw-http.ts';
import { CALLER, until, withServer } from '../../support/session-rig.ts';

const target = { eventStream: true };
const ping = { ping: () => ({}) };
const question = eventOf({ jsonrpc: '2.0', id: 'q', method: 'ping' });

describe('the stream beside a session', () => {
  it('is not opened unless the plan says so', () =>
    withServer({}, {}, async (bare) => {
      const session = bare.legacy();
      await session.open(CALLER);
      await session.close(CALLER);
      assert.equal(bare.server.of('GET').length, 0);
    }));

  it('is open before anything is called, serves the session, and ends with it', () =>
    withServer({ ...ping, GET: () => openStream() }, { target }, async (bare) => {
      const session = bare.legacy();
      await session.open(CALLER);
      const { headers } = bare.server.of('GET')[0] ?? { headers: {} as Record<string, string> };
      assert.equal(headers['mcp-session-id'], 'a-Session');
      assert.equal(headers['mcp-protocol-version'], '2025-11-25');
      assert.equal(headers.accept, 'text/event-stream');
      assert.equal(headers['last-event-id'], undefined);
      assert.equal(headers['content-type'], undefined);
      await session.request(PING, CALLER);
      await session.close(CALLER);
      assert.deepEqual(bare.server.methods(), [
        'initialize',
        'notifications/initialized',
        'GET',
        'tools/list',
        'ping',
        'DELETE',
      ]);
      await until(() => bare.exchanges.length === 6);
      assert.ok(bare.samples().includes('GET OK'), 'that we end it is no fault, and not held against it');
    }));

  it('is waited for until the server has answered the GET, so that nothing is lost of what it then says', () => {
    const waiting: (() => void)[] = [];
    const answers: Record<string, Answer> = {
      GET: ({ socket }) => {
        waiting.push(() => socket.write(openStream(question)));
        return undefined;
      },
    };
    return withServer(answers, { target }, async (bare) => {
      const session = bare.legacy();
      let isOpen = false;
      const opening = session.open(CALLER).then(() => {
        isOpen = true;
      });
      await until(() => waiting.length === 1);
      assert.equal(isOpen, false);
      assert.equal(bare.server.of('tools/list').length, 0);
      waiting[0]?.();
      await opening;
      await until(() => bare.server.of('response').length === 1);
      assert.deepEqual(bare.server.of('response')[0]?.rpc, { jsonrpc: '2.0', id: 'q', result: {} });
      await session.close(CALLER);
    });
  });

  it('is waited for two seconds at most, as some servers send their headers with the first event only', () => {
    const sleeps: number[] = [];
    const clock: Clock = {
      now: systemClock.now,
      sleepUntil: async (atMs) => {
        sleeps.push(atMs - systemClock.now());
      },
    };
    return withServer({ ...ping, GET: () => undefined }, { target, clock }, async (bare) => {
      const session = bare.legacy();
      assert.ok('facts' in (await session.open(CALLER)));
      assert.equal(sleeps.length, 1);
      assert.ok(Math.abs((sleeps[0] ?? 0) - 2000) < 100, String(sleeps));
      await session.close(CALLER);
      await until(() => bare.samples().includes('GET CLIENT_ABORT'));
    });
  });

  it('is opened again where it ended, after the wait that the server asked for', () => {
    // A server that says 0 is left alone for 20 ms all the same.
    const streams = [`id: a\nretry: 30\ndata:\n\n`, ':nothing\n\n', 'retry: 0\n\n'];
    const answers = {
      ...ping,
      GET: () => {
        const next = streams.shift();
        return next === undefined ? openStream() : eventStream(next);
      },
    };
    return withServer(answers, { target }, async (bare) => {
      const session = bare.legacy();
      await session.open(CALLER);
      await until(() => bare.server.of('GET').length === 4);
      const gets = bare.server.of('GET');
      assert.deepEqual(
        gets.map(({ headers }) => headers['last-event-id']),
        [undefined, 'a', 'a', 'a'],
      );
      for (const [index, ms] of [30, 30, 20].entries()) {
        const waitedMs = (gets[index + 1]?.atMs ?? 0) - (gets[index]?.atMs ?? 0);
        assert.ok(waitedMs >= ms - 1 && waitedMs < 900, `waited ${waitedMs} ms instead of ${ms}`);
      }
      await session.close(CALLER);
      assert.equal(bare.server.of('GET').length, 4);
    });
  });

  for (const reply of [httpReply(405, [], ''), httpReply(404, [], 'Cannot GET /mcp'), httpReply(500, [], '')]) {
    const status = reply.slice(9, 12);
    it(`may not be had (${status}): it is asked for once, and the session goes on`, () =>
      withServer({ ...ping, GET: () => reply }, { target }, async (bare) => {
        const session = bare.legacy();
        await session.open(CALLER);
        assert.equal((await session.request(PING, CALLER)).outcome, 'OK');
        assert.equal(session.alive, true);
        await session.close(CALLER);
        assert.equal(bare.server.of('GET').length, 1);
        const outcome = { 405: 'OK', 404: 'SESS_EXPIRED', 500: 'HTTP_500' }[status];
        assert.ok(bare.samples().includes(`GET ${outcome}`), bare.samples().join());
      }));
  }

  it('ends with a session that the server has lost, although nobody says goodbye to that', () =>
    withServer({ ping: () => httpReply(404, [], ''), GET: () => openStream() }, { target }, async (bare) => {
      const session = bare.legacy();
      await session.open(CALLER);
      assert.equal((await session.request(PING, CALLER)).outcome, 'SESS_EXPIRED');
      await until(() => bare.samples().includes('GET OK'));
      // Would wait for a stream that stayed open.
      await bare.connection.close();
      assert.equal(bare.server.of('GET').length, 1);
    }));

  it('brings questions, each of which is answered once', () => {
    const answers: Record<string, Answer> = {
      GET: ({ socket }) => {
        socket.write(openStream());
        for (let id = 0; id < 50; id++) socket.write(chunkOf(eventOf({ jsonrpc: '2.0', id, method: 'ping' })));
        return undefined;
      },
    };
    return withServer(answers, { target: { ...target, maxConnections: 2 } }, async (bare) => {
      const session = bare.legacy();
      await session.open(CALLER);
      await until(() => bare.server.of('response').length === 50);
      assert.deepEqual(
        bare.server.of('response').map(({ id }) => id),
        Array.from({ length: 50 }, (_, id) => id),
      );
      await session.close(CALLER);
      assert.equal(bare.samples().filter((sample) => sample === 'response:ping OK').length, 50);
    });
  });

  it('is of no use to a server without sessions, and does it no harm', () =>
    withServer({ initialize: openWithoutSession }, { target }, async (bare) => {
      const session = bare.legacy();
      const opened = await session.open(CALLER);
      assert.ok('facts' in opened && opened.facts.session === 'stateless');
      await session.close(CALLER);
      assert.deepEqual(bare.server.methods(), ['initialize', 'notifications/initialized', 'GET', 'tools/list']);
    }));
});
