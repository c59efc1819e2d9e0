import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fixedAuthorizer } from '../../../src/mcp/auth/authorizer.ts';
import type { Exchange } from '../../../src/mcp/http/exchange.ts';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import { type Clock, systemClock } from '../../../src/traffic/clock.ts';
import { type Answer, type Incoming, jsonResult } from '../../support/mcp-server.ts';
import { eventStream, LAST_CHUNK, openStream } from '../../support/raw-http.ts';
import { type BareSession, CALLER, until, withServer } from '../../support/session-rig.ts';

const HOUR_MS = 3_600_000;
const look = callTool('look')('{}');
const silent: Answer = () => undefined;

/** The two ways in which the end of the load comes about, as its parts happen one right after the other. */
const ends: readonly [name: string, end: (bare: BareSession) => void][] = [
  [
    'ended, then aborted',
    (bare) => {
      bare.ended.abort();
      bare.connection.abortAll('over');
    },
  ],
  [
    'aborted, then ended',
    (bare) => {
      bare.connection.abortAll('over');
      bare.ended.abort();
    },
  ],
];

/** The machine's clock, which tells how many sleep on it, and how many have slept. */
function watchedClock() {
  const watched = { asleep: 0, woken: 0 };
  const sleepUntil: Clock['sleepUntil'] = async (atMs, signal) => {
    watched.asleep++;
    await systemClock.sleepUntil(atMs, signal);
    watched.asleep--;
    watched.woken++;
  };
  return Object.assign(watched, { clock: { now: systemClock.now, sleepUntil } });
}

const GOODBYE = ['notifications/cancelled', 'DELETE'];
/** What the server has been asked, without what a session says at its end. */
const asked = (bare: BareSession) => bare.server.methods().filter((method) => !GOODBYE.includes(method));

async function openedCall(bare: BareSession, era: 'legacy' | 'modern') {
  const session = bare[era]();
  await session.open(CALLER);
  return { session, call: session.request(look, CALLER) };
}

/** Asserts that the load's end ended the call at once, and that nothing follows but the goodbye. */
async function isOver(bare: BareSession, call: Promise<Exchange>, close: () => Promise<void>): Promise<void> {
  const before = asked(bare);
  assert.equal((await call).outcome, 'CLIENT_ABORT');
  await close();
  await bare.connection.close();
  assert.deepEqual(asked(bare), before);
}

describe('a task that the load ends on', () => {
  const eras = {
    legacy: (pollInterval: number) => ({ task: { taskId: 't', status: 'working', pollInterval } }),
    modern: (pollIntervalMs: number) => ({ resultType: 'task', taskId: 't', status: 'working', pollIntervalMs }),
  } as const;
  for (const era of ['legacy', 'modern'] as const) {
    const taskServer = (pollMs: number, get: Answer): Record<string, Answer> => ({
      'tools/list': () => ({ tools: [{ name: 'look', execution: { taskSupport: 'required' } }] }),
      'tools/call': () => eras[era](pollMs),
      'tasks/get': get,
    });

    for (const [name, end] of ends) {
      it(`is not asked for any more in the ${era} era, an hour before the next poll: ${name}`, () => {
        const watch = watchedClock();
        return withServer(taskServer(HOUR_MS, silent), { clock: watch.clock }, async (bare) => {
          const { session, call } = await openedCall(bare, era);
          await until(() => watch.asleep === 1);
          end(bare);
          await isOver(bare, call, () => session.close(CALLER));
          assert.equal(bare.server.of('tasks/get').length, 0);
          assert.equal(watch.asleep, 0);
        });
      });

      it(`is not asked for any more in the ${era} era, while a poll has no answer: ${name}`, () =>
        withServer(taskServer(20, silent), {}, async (bare) => {
          const { session, call } = await openedCall(bare, era);
          await until(() => bare.server.of('tasks/get').length === 1);
          end(bare);
          await isOver(bare, call, () => session.close(CALLER));
          assert.equal(bare.server.of('tasks/get').length, 1);
        }));
    }

    it(`is asked for no more in the ${era} era than the poll that is under way, whose answer still counts`, () => {
      let poll: Incoming | undefined;
      const get: Answer = (incoming) => {
        poll = incoming;
        return undefined;
      };
      return withServer(taskServer(20, get), {}, async (bare) => {
        const { session, call } = await openedCall(bare, era);
        await until(() => poll !== undefined);
        bare.ended.abort();
        const { id, socket } = poll as Incoming;
        socket.write(
          jsonResult(id, { taskId: 't', status: 'working', pollInterval: HOUR_MS, pollIntervalMs: HOUR_MS }),
        );
        const { message, socketMs } = (await call).sample;
        assert.deepEqual([message, socketMs], ['the load has ended', undefined]);
        await isOver(bare, call, () => session.close(CALLER));
        assert.deepEqual(
          bare.samples().filter((sample) => sample.startsWith('tasks/get')),
          ['tasks/get:look OK', 'tasks/get:look CLIENT_ABORT'],
        );
      });
    });
  }
});

describe('a broken stream that the load ends on', () => {
  const breaking =
    (retryMs: number): Answer =>
    () =>
      eventStream(`id: e1\nretry: ${retryMs}\ndata:\n\n`);
  const moments: readonly [name: string, retryMs: number, get: Answer, gets: number][] = [
    ['an hour before it may be', HOUR_MS, silent, 0],
    ['while the server thinks about the GET', 20, silent, 1],
    ['while the next stream is silent', 20, () => openStream(), 1],
  ];
  for (const [moment, retryMs, get, gets] of moments) {
    for (const [name, end] of ends) {
      it(`is not taken up any more ${moment}, and the server is told: ${name}`, () => {
        const watch = watchedClock();
        return withServer({ 'tools/call': breaking(retryMs), GET: get }, { clock: watch.clock }, async (bare) => {
          const { session, call } = await openedCall(bare, 'legacy');
          await until(() => (gets === 0 ? watch.asleep === 1 : bare.server.of('GET').length === gets));
          end(bare);
          await isOver(bare, call, () => session.close(CALLER));
          assert.equal(watch.asleep, 0);
          assert.equal(bare.server.of('GET').length, gets);
          const [cancelled] = bare.server.of('notifications/cancelled');
          assert.deepEqual(cancelled?.params, {
            requestId: bare.server.of('tools/call')[0]?.id,
            reason: 'the load has ended',
          });
        });
      });
    }
  }

  it('is no fault of the target where its wait runs out between the end and the abort', () => {
    const watch = watchedClock();
    return withServer({ 'tools/call': breaking(30), GET: silent }, { clock: watch.clock }, async (bare) => {
      const { session, call } = await openedCall(bare, 'legacy');
      await until(() => watch.asleep === 1);
      bare.ended.abort();
      await until(() => watch.woken === 1);
      // Whatever the wait led to has been led to one turn of the event loop later.
      await new Promise<void>((resolve) => setImmediate(resolve));
      bare.connection.abortAll('over');
      await isOver(bare, call, () => session.close(CALLER));
      assert.equal(bare.samples().filter((sample) => sample.startsWith('GET')).length, 0);
    });
  });

  it('is no fault of the target where its next stream ends between the end and the abort', () => {
    let get: Incoming | undefined;
    const watch = watchedClock();
    const hold: Answer = (incoming) => {
      get = incoming;
      return openStream();
    };
    return withServer({ 'tools/call': breaking(20), GET: hold }, { clock: watch.clock }, async (bare) => {
      const { session, call } = await openedCall(bare, 'legacy');
      await until(() => get !== undefined);
      bare.ended.abort();
      get?.socket.write(LAST_CHUNK);
      await until(() => watch.woken === 2);
      await new Promise<void>((resolve) => setImmediate(resolve));
      bare.connection.abortAll('over');
      await isOver(bare, call, () => session.close(CALLER));
      assert.equal(bare.server.of('GET').length, 1);
    });
  });

  it('is no fault of the target where its GET waits for a token between the end and the abort', () => {
    const token = Promise.withResolvers<undefined>();
    let isRenewing = false;
    let asksForToken = 0;
    const authorizer = {
      ...fixedAuthorizer(undefined),
      header: () => {
        if (!isRenewing) return undefined;
        asksForToken++;
        return token.promise;
      },
    };
    const breakAndRenew: Answer = (incoming) => {
      isRenewing = true;
      return breaking(20)(incoming);
    };
    return withServer({ 'tools/call': breakAndRenew, GET: silent }, { authorizer }, async (bare) => {
      const { session, call } = await openedCall(bare, 'legacy');
      await until(() => asksForToken === 1);
      bare.ended.abort();
      token.resolve(undefined);
      await until(() => bare.samples().includes('GET CLIENT_ABORT'));
      await new Promise<void>((resolve) => setImmediate(resolve));
      bare.connection.abortAll('over');
      await isOver(bare, call, () => session.close(CALLER));
      assert.equal(bare.server.of('GET').length, 0);
    });
  });
});
