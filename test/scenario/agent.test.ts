import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Exchange } from '../../src/mcp/exchange/exchange.ts';
import type { Session } from '../../src/mcp/session/session.ts';
import type { Scenario } from '../../src/plan/scenario-schema.ts';
import { SAMPLE_KIND } from '../../src/sample/block.ts';
import type { Outcome } from '../../src/sample/outcome.ts';
import { Recorder } from '../../src/sample/recorder.ts';
import { Agent } from '../../src/scenario/agent.ts';
import { compileScenario } from '../../src/scenario/compile-scenario.ts';
import { randomFor } from '../../src/traffic/random.ts';
import { aPlan } from '../support/a-plan.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

type Behaviour = {
  readonly opens: boolean;
  readonly outcome?: Outcome;
  readonly diesAfter?: number;
  /** Value of Retry-After on what fails, with status 429. */
  readonly retryAfter?: string;
  readonly result?: unknown;
};

/** An agent whose sessions behave as told, one after the other, and a log of what it did with them. */
function agentWith(
  behaviours: readonly Behaviour[],
  stopping = new AbortController().signal,
  scenario: Record<string, unknown> = {},
) {
  const clock = new VirtualClock(1000);
  const log: string[] = [];
  const recorder = new Recorder(
    1000,
    () => assert.fail(),
    (text) => text,
  );
  const plan = aPlan({ scenario });
  let opened = 0;
  const openSession = (): Session => {
    const number = opened++;
    const { opens, outcome = 'OK', diesAfter = Number.POSITIVE_INFINITY, ...reply } = behaviours[number] as Behaviour;
    let requests = 0;
    const exchange = {
      operation: recorder.operation('web', 'tools/call:look'),
      outcome,
      status: reply.retryAfter === undefined ? 200 : 429,
      replyHeaders: { 'retry-after': reply.retryAfter },
      result: reply.result,
    } as unknown as Exchange;
    return {
      async open() {
        log.push(`open ${number}`);
        if (!opens) return { failed: exchange };
        const facts = { protocolVersion: '2025-11-25', server: 'fake', session: 'stateful' } as const;
        return { facts, tools: [], capabilities: [] };
      },
      abandon() {},
      get alive() {
        return requests < diesAfter;
      },
      async request({ operation, params }, { retry }) {
        requests++;
        const page = params.includes('cursor') ? ' next page' : '';
        log.push(`${operation} on ${number}${page}${retry === true ? ' again' : ''}`);
        await clock.sleepUntil(clock.now() + 250);
        return page === '' ? exchange : ({ ...exchange, result: { tools: [] } } as unknown as Exchange);
      },
      async close() {
        log.push(`close ${number}`);
      },
    };
  };
  const agent = new Agent({
    vu: 7,
    startOffsetMs: 0,
    openSession,
    chooseStep: compileScenario(plan, plan.scenarios.calls as Scenario),
    thinkTime: { type: 'none' },
    maxRetryAfterMs: 10_000,
    random: randomFor(1),
    clock,
    recorder,
    iterationOperation: recorder.operation('web', 'calls'),
    stopping,
  });
  return { agent, clock, log, recorder };
}

it('keeps a session as long as it lives, then opens another, and says goodbye at the end', async () => {
  const { agent, clock, log } = agentWith([{ opens: true, diesAfter: 2 }, { opens: true }]);
  for (let iteration = 0; iteration < 3; iteration++) await clock.run(agent.iterate(iteration));
  await agent.end();
  assert.deepEqual(log, [
    'open 0',
    'tools/call:look on 0',
    'tools/call:look on 0',
    'open 1',
    'tools/call:look on 1',
    'close 1',
  ]);
});

it('records every iteration with its time and outcome', async () => {
  const { agent, clock, recorder } = agentWith([{ opens: true, outcome: 'TOOL_ERROR' }]);
  await clock.run(agent.iterate(0));
  await clock.run(agent.iterate(1));
  const block = recorder.drain();
  assert.equal(block?.count, 2);
  const { kind, durationUs, startUs, vu, iteration } = block?.columns ?? assert.fail();
  assert.deepEqual([...kind], [SAMPLE_KIND.iteration, SAMPLE_KIND.iteration]);
  assert.deepEqual([...startUs], [0, 250_000]);
  assert.deepEqual([...durationUs], [250_000, 250_000]);
  assert.deepEqual(
    [[...vu], [...iteration]],
    [
      [7, 7],
      [0, 1],
    ],
  );
  assert.deepEqual(block?.outcomes, ['TOOL_ERROR']);
});

it('waits a second before it tries again to open a session, and records no iteration for it', async () => {
  const { agent, clock, log, recorder } = agentWith([{ opens: false }, { opens: true }]);
  await clock.run(agent.iterate(0));
  assert.equal(clock.now(), 2000);
  assert.equal(recorder.drain(), undefined);
  await clock.run(agent.iterate(1));
  await agent.end();
  assert.deepEqual(log, ['open 0', 'open 1', 'tools/call:look on 1', 'close 1']);
});

it('does not wait for that second when the run is stopped', async () => {
  const stopping = new AbortController();
  const { agent, clock } = agentWith([{ opens: false }], stopping.signal);
  stopping.abort();
  await agent.iterate(0);
  assert.equal(clock.now(), 1000);
  await agent.end();
});

it('sends a call once more in a new session when the server has lost the one it came in', async () => {
  for (const outcome of ['SESS_EXPIRED', 'SESS_LOST'] as const) {
    const { agent, clock, log, recorder } = agentWith([{ opens: true, outcome, diesAfter: 1 }, { opens: true }]);
    await clock.run(agent.iterate(0));
    assert.deepEqual(log, ['open 0', 'tools/call:look on 0', 'open 1', 'tools/call:look on 1 again']);
    const block = recorder.drain();
    assert.equal(block?.count, 1, 'one iteration');
    assert.deepEqual(block.outcomes, ['OK'], 'which ended as the second try did');
    assert.deepEqual([...block.columns.durationUs], [500_000]);
  }
});

it('leaves it at the failure when there is no new session', async () => {
  const { agent, clock, log, recorder } = agentWith([
    { opens: true, outcome: 'SESS_EXPIRED', diesAfter: 1 },
    { opens: false },
  ]);
  await clock.run(agent.iterate(0));
  assert.deepEqual(log, ['open 0', 'tools/call:look on 0', 'open 1']);
  assert.deepEqual(recorder.drain()?.outcomes, ['SESS_EXPIRED']);
});

it('pauses as long as a 429 asks for, and records the pause', async () => {
  const { agent, clock, recorder } = agentWith([{ opens: true, outcome: 'HTTP_429', retryAfter: '3' }]);
  await clock.run(agent.iterate(0));
  assert.equal(clock.now(), 4250);
  const block = recorder.drain() ?? assert.fail();
  assert.deepEqual([...block.columns.kind], [SAMPLE_KIND.iteration, SAMPLE_KIND.pause]);
  assert.deepEqual([...block.columns.durationUs], [250_000, 3_000_000]);
  assert.deepEqual(block.outcomes, ['HTTP_429']);
  assert.equal(block.operations[block.columns.operation[1] as number]?.operation, 'tools/call:look');
});

it('pauses no longer than the plan lets it, and not at all when nothing asks for it', async () => {
  const greedy = agentWith([{ opens: true, outcome: 'HTTP_429', retryAfter: '3600' }]);
  await greedy.clock.run(greedy.agent.iterate(0));
  assert.equal(greedy.clock.now(), 11_250);
  for (const retryAfter of ['', 'soon', '0']) {
    const { agent, clock, recorder } = agentWith([{ opens: true, outcome: 'HTTP_429', retryAfter }]);
    await clock.run(agent.iterate(0));
    assert.equal(clock.now(), 1250);
    assert.equal(recorder.drain()?.count, 1);
  }
});

it('pauses as asked when a session is refused, at least for a second', async () => {
  const { agent, clock, recorder } = agentWith([{ opens: false, outcome: 'SESS_REFUSED', retryAfter: '5' }]);
  await clock.run(agent.iterate(0));
  assert.equal(clock.now(), 6000);
  assert.deepEqual([...(recorder.drain()?.columns.kind ?? [])], [SAMPLE_KIND.pause]);
});

it('reads a list to its last page in one iteration', async () => {
  const pages = [{ opens: true, result: { tools: [], nextCursor: 'more' } }];
  const { agent, clock, log, recorder } = agentWith(pages, undefined, { steps: [{ list: 'tools' }] });
  await clock.run(agent.iterate(0));
  assert.deepEqual(log, ['open 0', 'tools/list on 0', 'tools/list on 0 next page']);
  assert.equal(recorder.drain()?.count, 1);
});
