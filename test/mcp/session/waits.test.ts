import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import { isHttpSse } from '../../../src/mcp/session/find-revision.ts';
import type { Answer } from '../../support/mcp-server.ts';
import { eventOf, eventStream, httpReply, openStream } from '../../support/raw-http.ts';
import { CALLER, startSession, until } from '../../support/session-rig.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const look = callTool('look')('{}');
const seen = { content: [{ type: 'text', text: 'seen' }] };
const silent: Answer = () => undefined;

/** Asserts that something waits until exactly `ms` have passed: not until a millisecond before, but then. */
async function waitsFor(ms: number, clock: VirtualClock, hasContinued: () => boolean): Promise<void> {
  await until(() => clock.sleeping === 1);
  clock.advance(ms - 1);
  await turnsOfTheEventLoop();
  assert.equal(clock.sleeping, 1, `it did not wait for ${ms} ms`);
  assert.equal(hasContinued(), false);
  clock.advance(1);
  await until(hasContinued);
}

/** Enough for whatever a wrong wake-up would lead to. */
async function turnsOfTheEventLoop(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Runs work that must end, and tells whether it has ended. */
function watched<Result>(work: Promise<Result>) {
  const state = { done: false, work };
  void work.finally(() => {
    state.done = true;
  });
  return state;
}

describe('the event stream of a session', () => {
  it('delays the opening for two seconds and no longer when the server sends no headers', async (t) => {
    const clock = new VirtualClock(0);
    const rig = await startSession(t, { GET: silent }, { clock, target: { eventStream: true } });
    const session = rig.legacy();
    const opening = watched(session.open(CALLER));
    await waitsFor(2000, clock, () => opening.done);
    assert.ok('facts' in (await opening.work));
    assert.equal(session.waitedMs, 2000);
    await session.close(CALLER);
    await until(() => rig.samples().includes('GET CLIENT_ABORT'));
  });

  for (const { said, retry, ms } of [
    { said: 'one second when the server does not say', retry: '', ms: 1000 },
    { said: '20 ms when the server says 0', retry: 'retry: 0\n', ms: 20 },
    { said: 'as long as the server says', retry: 'retry: 70000\n', ms: 70_000 },
  ]) {
    it(`is opened again after ${said}`, async (t) => {
      const clock = new VirtualClock(0);
      const streams = [eventStream(`${retry}data:\n\n`)];
      const GET: Answer = () => streams.shift() ?? openStream();
      const rig = await startSession(t, { GET }, { clock, target: { eventStream: true } });
      const session = rig.legacy();
      await session.open(CALLER);
      await waitsFor(ms, clock, () => rig.server.of('GET').length === 2);
      await session.close(CALLER);
    });
  }
});

describe('a call whose stream breaks before the answer', () => {
  for (const { said, retry, ms } of [
    { said: 'one second when the server does not say', retry: '', ms: 1000 },
    { said: '20 ms when the server says 0', retry: 'retry: 0\n', ms: 20 },
    { said: 'as long as the server says', retry: 'retry: 70000\n', ms: 70_000 },
  ]) {
    it(`is resumed after ${said}`, async (t) => {
      const clock = new VirtualClock(0);
      const answers: Record<string, Answer> = {
        'tools/call': () => eventStream(`id: e1\n${retry}data:\n\n`),
        GET: () => eventStream(eventOf({ jsonrpc: '2.0', id: 3, result: seen })),
      };
      const rig = await startSession(t, answers, { clock });
      const session = rig.legacy();
      await session.open(CALLER);
      const call = watched(session.request(look, CALLER));
      await waitsFor(ms, clock, () => rig.server.of('GET').length === 1);
      assert.equal((await call.work).outcome, 'OK');
      await session.close(CALLER);
    });
  }
});

describe('a task', () => {
  const created = {
    legacy: (interval: object) => ({ task: { taskId: 't', status: 'working', ...interval } }),
    modern: (interval: object) => ({ resultType: 'task', taskId: 't', status: 'working', ...interval }),
  };
  for (const era of ['legacy', 'modern'] as const) {
    const key = era === 'legacy' ? 'pollInterval' : 'pollIntervalMs';
    for (const { said, interval, ms } of [
      { said: 'one second when the server does not say', interval: {}, ms: 1000 },
      { said: '20 ms when the server says 0', interval: { [key]: 0 }, ms: 20 },
      { said: 'as long as the server says', interval: { [key]: 70_000 }, ms: 70_000 },
    ]) {
      it(`is polled after ${said}, and after as long again, in the ${era} era`, async (t) => {
        const clock = new VirtualClock(0);
        const states = ['working', 'completed'];
        const rig = await startSession(
          t,
          {
            'tools/list': () => ({ tools: [{ name: 'look', execution: { taskSupport: 'required' } }] }),
            'tools/call': () => created[era](interval),
            'tasks/get': () => ({ taskId: 't', status: states.shift(), result: seen }),
            'tasks/result': () => seen,
          },
          { clock },
        );
        const session = rig[era]();
        await session.open(CALLER);
        const call = watched(session.request(look, CALLER));
        await waitsFor(ms, clock, () => rig.server.of('tasks/get').length === 1);
        await waitsFor(ms, clock, () => rig.server.of('tasks/get').length === 2);
        assert.equal((await call.work).outcome, 'OK');
        await session.close(CALLER);
      });
    }
  }
});

describe('isHttpSse', () => {
  it('waits two seconds and no longer for the first event of a silent server', async (t) => {
    const clock = new VirtualClock(0);
    const answers = { initialize: () => httpReply(404, [], ''), GET: () => openStream() };
    const rig = await startSession(t, answers, { clock });
    const opened = await rig.legacy().open(CALLER);
    assert.ok('failed' in opened);
    const found = watched(isHttpSse(rig.connection, opened.failed, clock));
    await waitsFor(2000, clock, () => found.done);
    assert.equal(await found.work, false);
  });
});
