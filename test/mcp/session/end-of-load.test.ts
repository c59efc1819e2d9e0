import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fixedAuthorizer } from '../../../src/mcp/auth/authorizer.ts';
import type { Exchange } from '../../../src/mcp/http/exchange.ts';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import type { CutOutcome } from '../../../src/sample/outcome.ts';
import { type Clock, systemClock } from '../../../src/traffic/clock.ts';
import { type Answer, type Incoming, jsonResult } from '../../support/mcp-server.ts';
import { eventStream, httpReply, LAST_CHUNK, openStream } from '../../support/raw-http.ts';
import { CALLER, type ScriptedRig, startSession, until } from '../../support/session-rig.ts';

const HOUR_MS = 3_600_000;
const look = callTool('look')('{}');
const silent: Answer = () => undefined;

/** The two orders in which the parts of the end of the load can happen, and how calls in flight end. */
const ends: readonly [name: string, end: (rig: ScriptedRig) => void, outcome?: CutOutcome][] = [
  [
    'ended, then aborted',
    (rig) => {
      rig.ended.abort();
      rig.connection.abortAll('over', 'CLIENT_ABORT');
    },
  ],
  [
    'aborted, then ended',
    (rig) => {
      rig.connection.abortAll('over', 'CLIENT_ABORT');
      rig.ended.abort();
    },
  ],
  [
    'ended, then aborted because the graceful stop was over',
    (rig) => {
      rig.ended.abort();
      rig.connection.abortAll('over', 'TMO_GRACEFUL_STOP');
    },
    'TMO_GRACEFUL_STOP',
  ],
];

/** The system clock. It counts how many are asleep, and how many have woken. */
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

const CLOSING = ['notifications/cancelled', 'DELETE'];
/** The requests that the server received, without those that end a call or a session. */
const asked = (rig: ScriptedRig) => rig.server.methods().filter((method) => !CLOSING.includes(method));

async function openedCall(rig: ScriptedRig, era: 'legacy' | 'modern') {
  const session = rig[era]();
  await session.open(CALLER);
  return { session, call: session.request(look, CALLER) };
}

/** Asserts that the end of the load ended the call immediately, and that only closing requests follow. */
async function isOver(
  rig: ScriptedRig,
  call: Promise<Exchange>,
  close: () => Promise<void>,
  outcome: CutOutcome = 'CLIENT_ABORT',
): Promise<void> {
  const before = asked(rig);
  assert.equal((await call).outcome, outcome);
  await close();
  await rig.close();
  assert.deepEqual(asked(rig), before);
}

describe('a task at the end of the load', () => {
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

    for (const [name, end, outcome] of ends) {
      it(`is not polled any more in the ${era} era when its next poll is an hour away: ${name}`, async (t) => {
        const watch = watchedClock();
        const rig = await startSession(t, taskServer(HOUR_MS, silent), { clock: watch.clock });
        const { session, call } = await openedCall(rig, era);
        await until(() => watch.asleep === 1);
        end(rig);
        await isOver(rig, call, () => session.close(CALLER), outcome);
        assert.equal(rig.server.of('tasks/get').length, 0);
        assert.equal(watch.asleep, 0);
      });

      it(`is not polled any more in the ${era} era when a poll is still unanswered: ${name}`, async (t) => {
        const rig = await startSession(t, taskServer(20, silent));
        const { session, call } = await openedCall(rig, era);
        await until(() => rig.server.of('tasks/get').length === 1);
        end(rig);
        await isOver(rig, call, () => session.close(CALLER), outcome);
        assert.equal(rig.server.of('tasks/get').length, 1);
      });
    }

    it(`is not polled again in the ${era} era after the poll in flight, whose answer still counts`, async (t) => {
      let poll: Incoming | undefined;
      const get: Answer = (incoming) => {
        poll = incoming;
        return undefined;
      };
      const rig = await startSession(t, taskServer(20, get));
      const { session, call } = await openedCall(rig, era);
      await until(() => poll !== undefined);
      rig.ended.abort();
      const { id, socket } = poll as Incoming;
      socket.write(jsonResult(id, { taskId: 't', status: 'working', pollInterval: HOUR_MS, pollIntervalMs: HOUR_MS }));
      assert.equal((await call).message, 'the load has ended');
      await isOver(rig, call, () => session.close(CALLER));
      const { message, socketMs } =
        rig.exchanges.findLast(({ request }) => request.rpcMethod === 'tasks/get')?.sample ?? {};
      assert.deepEqual([message, socketMs], ['the load has ended', undefined]);
      assert.deepEqual(
        rig.samples().filter((sample) => sample.startsWith('tasks/get')),
        ['tasks/get:look OK', 'tasks/get:look CLIENT_ABORT'],
      );
    });
  }
});

describe('a broken stream at the end of the load', () => {
  const breaking =
    (retryMs: number): Answer =>
    () =>
      eventStream(`id: e1\nretry: ${retryMs}\ndata:\n\n`);
  const moments: readonly [name: string, retryMs: number, get: Answer, gets: number][] = [
    ['when its wait still takes an hour', HOUR_MS, silent, 0],
    ['while the server has not answered the GET', 20, silent, 1],
    ['while the next stream is silent', 20, () => openStream(), 1],
  ];
  for (const [moment, retryMs, get, gets] of moments) {
    for (const [name, end, outcome] of ends) {
      it(`is not resumed any more ${moment}, and the server is told: ${name}`, async (t) => {
        const watch = watchedClock();
        const rig = await startSession(t, { 'tools/call': breaking(retryMs), GET: get }, { clock: watch.clock });
        const { session, call } = await openedCall(rig, 'legacy');
        await until(() => (gets === 0 ? watch.asleep === 1 : rig.server.of('GET').length === gets));
        end(rig);
        await isOver(rig, call, () => session.close(CALLER), outcome);
        assert.equal(watch.asleep, 0);
        assert.equal(rig.server.of('GET').length, gets);
        const [cancelled] = rig.server.of('notifications/cancelled');
        assert.deepEqual(cancelled?.params, {
          requestId: rig.server.of('tools/call')[0]?.id,
          reason: 'the load has ended',
        });
      });
    }
  }

  it('does not count as a failure of the target when its wait ends between the end of the load and the abort', async (t) => {
    const watch = watchedClock();
    const rig = await startSession(t, { 'tools/call': breaking(30), GET: silent }, { clock: watch.clock });
    const { session, call } = await openedCall(rig, 'legacy');
    await until(() => watch.asleep === 1);
    rig.ended.abort();
    await until(() => watch.woken === 1);
    // One turn of the event loop later, the end of the wait has had its effects.
    await new Promise<void>((resolve) => setImmediate(resolve));
    rig.connection.abortAll('over', 'CLIENT_ABORT');
    await isOver(rig, call, () => session.close(CALLER));
    assert.equal(rig.samples().filter((sample) => sample.startsWith('GET')).length, 0);
  });

  it('does not count as a failure of the target when its next stream ends between the end of the load and the abort', async (t) => {
    let get: Incoming | undefined;
    const watch = watchedClock();
    const hold: Answer = (incoming) => {
      get = incoming;
      return openStream();
    };
    const rig = await startSession(t, { 'tools/call': breaking(20), GET: hold }, { clock: watch.clock });
    const { session, call } = await openedCall(rig, 'legacy');
    await until(() => get !== undefined);
    rig.ended.abort();
    get?.socket.write(LAST_CHUNK);
    await until(() => watch.woken === 2);
    await new Promise<void>((resolve) => setImmediate(resolve));
    rig.connection.abortAll('over', 'CLIENT_ABORT');
    await isOver(rig, call, () => session.close(CALLER));
    assert.equal(rig.server.of('GET').length, 1);
  });

  it('does not count as a failure of the target when its GET gets a token between the end of the load and the abort', async (t) => {
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
    const rig = await startSession(t, { 'tools/call': breakAndRenew, GET: silent }, { authorizer });
    const { session, call } = await openedCall(rig, 'legacy');
    await until(() => asksForToken === 1);
    rig.ended.abort();
    token.resolve(undefined);
    await until(() => rig.samples().includes('GET CLIENT_ABORT'));
    await new Promise<void>((resolve) => setImmediate(resolve));
    rig.connection.abortAll('over', 'CLIENT_ABORT');
    await isOver(rig, call, () => session.close(CALLER));
    assert.equal(rig.server.of('GET').length, 0);
  });
});

describe('the requests of one virtual user', () => {
  it('are aborted alone, while those of other virtual users continue', async (t) => {
    const waiting: (() => void)[] = [];
    const answer: Answer = ({ id, socket }) => {
      waiting.push(() => {
        const body = JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'seen' }] } });
        socket.write(httpReply(200, ['content-type: application/json'], body));
      });
      return undefined;
    };
    const rig = await startSession(t, { 'tools/call': answer });
    const session = rig.legacy();
    await session.open(CALLER);
    const calls = [3, 4, 3].map((vu) => session.request(look, { vu, iteration: 0 }));
    await until(() => waiting.length === 3);
    rig.connection.abortAll('the virtual user was removed', 'CLIENT_ABORT', (vu) => vu === 3);
    for (const answerNow of waiting) answerNow();
    const exchanges = await Promise.all(calls);
    assert.deepEqual(
      exchanges.map(({ sample: { vu, outcome } }) => [vu, outcome]),
      [
        [3, 'CLIENT_ABORT'],
        [4, 'OK'],
        [3, 'CLIENT_ABORT'],
      ],
    );
  });
});
