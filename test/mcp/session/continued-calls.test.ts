import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Exchange } from '../../../src/mcp/http/exchange.ts';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import { systemClock } from '../../../src/traffic/clock.ts';
import type { Answer } from '../../support/mcp-server.ts';
import { eventOf, httpReply, openStream } from '../../support/raw-http.ts';
import { CALLER, type ScriptedRig, startSession, until } from '../../support/session-rig.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const look = callTool('look')('{}');
const seen = { content: [{ type: 'text', text: 'seen' }] };
const failed = { isError: true, content: [{ type: 'text', text: 'worn out' }] };
const silent: Answer = () => undefined;
const tools = { tools: [{ name: 'look', execution: { taskSupport: 'required' } }] };
const target = { timeouts: { headers: '300ms' }, elicitation: 'defaults' } as const;
const form = { method: 'elicitation/create', params: { requestedSchema: { type: 'object', properties: {} } } };
const POLLS = 3;
const POLL_MS = 40;
const HOUR_MS = 3_600_000;

/** Servers of both eras that make a task of a call, whose result comes with the third poll. */
const taskServers = {
  legacy(result: object): Record<string, Answer> {
    let polls = 0;
    return {
      'tools/list': () => tools,
      'tools/call': () => ({ task: { taskId: 't', status: 'working', pollInterval: POLL_MS } }),
      'tasks/get': () => ({ taskId: 't', status: ++polls < POLLS ? 'working' : 'completed' }),
      'tasks/result': () => result,
    };
  },
  modern(result: object): Record<string, Answer> {
    let polls = 0;
    return {
      'tools/call': () => ({ resultType: 'task', taskId: 't', status: 'working', pollIntervalMs: POLL_MS }),
      'tasks/get': () => ({
        taskId: 't',
        ...(++polls < POLLS ? { status: 'working' } : { status: 'completed', result }),
      }),
    };
  },
} as const;

async function callIn(rig: ScriptedRig, era: 'legacy' | 'modern'): Promise<Exchange> {
  const session = rig[era]();
  await session.open(CALLER);
  return session.request(look, CALLER);
}

/** The samples of one operation, in the order of their ends. */
const samplesOf = (rig: ScriptedRig, operation: string) =>
  rig.exchanges.filter((_, at) => rig.kinds()[at] === operation).map(({ sample }) => sample);

/** Asserts that there are as many samples of each method as the server received requests. */
function assertCounted(rig: ScriptedRig): void {
  for (const method of new Set(rig.server.methods())) {
    const samples = rig.samples().filter((sample) => sample.split(/[: ]/)[0] === method.split(':')[0]);
    assert.equal(samples.length, rig.server.of(method).length, `${method}: ${samples.join()}`);
  }
}

for (const era of ['legacy', 'modern'] as const) {
  describe(`a call that runs as a task in the ${era} era`, () => {
    it('has the latency from its dispatch to its result, and the clocks of its own request', async (t) => {
      const rig = await startSession(t, taskServers[era](seen), { target });
      const { sample, outcome, message } = await callIn(rig, era);
      assert.equal(outcome, 'OK', message);
      const [step, ...others] = samplesOf(rig, 'step tools/call:look');
      assert.deepEqual([step, others], [sample, []]);
      const last = rig.exchanges.at(-2)?.sample ?? assert.fail();
      assert.equal(sample.durationMs, last.startMs + last.durationMs - sample.startMs);
      assert.ok(sample.durationMs >= POLLS * POLL_MS - POLLS, `${sample.durationMs} ms`);
      const { socketMs = 0, headersMs = 0, closeMs = 0 } = sample;
      assert.ok(socketMs <= headersMs && headersMs <= closeMs, 'the times of the first reply');
      assert.ok(closeMs < last.startMs - sample.startMs, 'the times of the first reply');
      assertCounted(rig);
    });

    it('has the outcome of its result', async (t) => {
      const rig = await startSession(t, taskServers[era](failed), { target });
      const { outcome, message } = await callIn(rig, era);
      assert.deepEqual([outcome, message], ['TOOL_ERROR', 'worn out']);
      const outcomes = samplesOf(rig, 'step tools/call:look').map((sample) => sample.outcome);
      assert.deepEqual(outcomes, ['TOOL_ERROR']);
      const added = rig.samples().filter((sample) => sample.startsWith('tasks/'));
      assert.ok(
        added.every((sample) => sample.endsWith(' OK')),
        'the result is judged once, for the call',
      );
      assertCounted(rig);
    });

    it('is judged once, however many requests it takes', async (t) => {
      let judged = 0;
      const checks = { checks: [], failed: [] };
      const judge = () => {
        judged++;
        return { outcome: 'TOOL_ASSERT', message: 'not what was expected', checks } as const;
      };
      const rig = await startSession(t, taskServers[era](seen), { target });
      const session = rig[era]();
      await session.open(CALLER);
      const { outcome, sample } = await session.request(callTool('look', judge)('{}'), CALLER);
      assert.deepEqual([outcome, judged], ['TOOL_ASSERT', 1]);
      assert.equal(sample.checks, checks);
    });

    for (const [how, get, ends] of [
      ['is refused', () => httpReply(429, ['retry-after: 7'], 'slow down'), 'HTTP_429'],
      ['is not answered', silent, 'TMO_HEADERS'],
    ] as const) {
      it(`ends as its poll does that ${how}`, async (t) => {
        const rig = await startSession(t, { ...taskServers[era](seen), 'tasks/get': get }, { target });
        const { outcome, replyHeaders, sample } = await callIn(rig, era);
        assert.equal(outcome, ends);
        if (ends === 'HTTP_429') assert.equal(replyHeaders['retry-after'], '7', 'the virtual user pauses for it');
        assert.ok(sample.durationMs >= POLL_MS - 1);
        const own = rig.samples().filter((each) => each.includes('look'));
        assert.deepEqual(own, [`tasks/get:look ${ends}`, `tools/call:look ${ends}`]);
        assertCounted(rig);
      });
    }

    it('ends between two polls, without another one, when the graceful stop is over', async (t) => {
      const clock = new VirtualClock(0);
      const rig = await startSession(t, taskServers[era](seen), { target, clock });
      const session = rig[era]();
      await session.open(CALLER);
      const call = session.request(look, CALLER);
      await until(() => clock.sleeping === 1);
      const closed = rig.close();
      rig.connection.abortAll('the graceful stop is over', 'TMO_GRACEFUL_STOP', (vu) => vu === CALLER.vu);
      await closed;
      rig.ended.abort();
      const { outcome, sample } = await call;
      assert.equal(outcome, 'TMO_GRACEFUL_STOP');
      assert.ok(sample.durationMs > (sample.closeMs ?? 0));
      assert.equal(rig.server.of('tasks/get').length, 0);
      assertCounted(rig);
    });

    for (const [how, pollMs, advances] of [
      ['between two polls, however long the server wants to be left alone', 10 * HOUR_MS, [59 * 60_000, 61_000]],
      ['when no poll brings its end', 40 * 60_000, [41 * 60_000, 20 * 60_000]],
    ] as const) {
      it(`ends after an hour ${how}`, { timeout: 20_000 }, async (t) => {
        // The sessions wait by this clock; the connection has the machine's own.
        const clock = new VirtualClock(systemClock.now());
        const working = { taskId: 't', status: 'working', pollInterval: pollMs, pollIntervalMs: pollMs };
        const created = era === 'legacy' ? { task: working } : { resultType: 'task', ...working };
        const answers = { 'tools/call': () => created, 'tasks/get': () => working };
        const rig = await startSession(t, { ...taskServers[era](seen), ...answers }, { clock });
        const session = rig[era]();
        await session.open(CALLER);
        const call = session.request(look, CALLER);
        for (const ms of advances) {
          await until(() => clock.sleeping === 1);
          clock.advance(ms);
        }
        const { outcome, message } = await call;
        assert.equal(outcome, 'TMO_TOTAL');
        assert.match(message, /^no result within 60 min, the longest time/);
        assert.equal(rig.server.of('tasks/get').length, advances.length === 2 && pollMs < HOUR_MS ? 1 : 0);
        assert.equal(rig.server.of('tasks/result').length, 0);
        assertCounted(rig);
      });
    }

    it('ends while a poll is in flight when the graceful stop is over', async (t) => {
      const rig = await startSession(t, { ...taskServers[era](seen), 'tasks/get': silent });
      const session = rig[era]();
      await session.open(CALLER);
      const call = session.request(look, CALLER);
      await until(() => rig.server.of('tasks/get').length === 1);
      rig.ended.abort();
      rig.connection.abortAll('the graceful stop is over', 'TMO_GRACEFUL_STOP');
      assert.equal((await call).outcome, 'TMO_GRACEFUL_STOP');
      await rig.close();
      const own = rig.samples().filter((each) => each.includes('look'));
      assert.deepEqual(own.toSorted(), ['tasks/get:look TMO_GRACEFUL_STOP', 'tools/call:look TMO_GRACEFUL_STOP']);
    });

    it('is a sample of the connection that closes only after its result', async (t) => {
      const rig = await startSession(t, taskServers[era](seen), { target });
      const call = callIn(rig, era);
      await until(() => rig.server.of('tasks/get').length === 1);
      await rig.close();
      assert.equal((await call).outcome, 'OK');
      assertCounted(rig);
    });

    it('continues while the stream of its first reply stays open', async (t) => {
      const answers = taskServers[era](seen);
      const task = answers['tools/call'] as Answer;
      const held: Answer = (incoming) => {
        const result = task(incoming);
        return openStream(eventOf({ jsonrpc: '2.0', id: incoming.id, result }));
      };
      const rig = await startSession(t, { ...answers, 'tools/call': held }, { target });
      const { outcome } = await callIn(rig, era);
      assert.equal(outcome, 'OK');
      await rig.close();
      assert.equal(samplesOf(rig, 'step tools/call:look').length, 1);
      assertCounted(rig);
    });
  });
}

describe('a call for which the server asks for input', () => {
  const ask = { resultType: 'input_required', inputRequests: { a: form }, requestState: 's' };
  const rounds =
    (...results: readonly object[]): Answer =>
    ({ params }) =>
      'inputResponses' in params ? results[1] : results[0];

  it('has the latency from its first request to the final answer; further rounds are protocol', async (t) => {
    const rig = await startSession(t, { 'tools/call': rounds(ask, failed) }, { target });
    const { sample, outcome } = await callIn(rig, 'modern');
    assert.equal(outcome, 'TOOL_ERROR');
    const [round] = samplesOf(rig, 'protocol tools/call:look');
    assert.ok(round !== undefined && round.outcome === 'OK', 'the result is judged once, for the call');
    assert.deepEqual(samplesOf(rig, 'step tools/call:look'), [sample]);
    assert.equal(sample.durationMs, round.startMs + round.durationMs - sample.startMs);
    assert.ok(round.startMs > sample.startMs);
    assertCounted(rig);
  });

  it('ends when no answer comes to a round', async (t) => {
    const answer: Answer = ({ params }) => ('inputResponses' in params ? undefined : ask);
    const rig = await startSession(t, { 'tools/call': answer }, { target });
    const { outcome, sample } = await callIn(rig, 'modern');
    assert.equal(outcome, 'TMO_HEADERS');
    assert.ok(sample.durationMs >= 299, `${sample.durationMs} ms`);
    assertCounted(rig);
  });
});
