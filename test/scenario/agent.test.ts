import assert from 'node:assert/strict';
import { it } from 'node:test';
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

type Behaviour = { readonly opens: boolean; readonly outcome?: Outcome; readonly diesAfter?: number };

/** An agent whose sessions behave as told, one after the other, and a log of what it did with them. */
function agentWith(behaviours: readonly Behaviour[], stopping = new AbortController().signal) {
  const clock = new VirtualClock(1000);
  const log: string[] = [];
  const recorder = new Recorder(
    1000,
    () => assert.fail(),
    (text) => text,
  );
  const plan = aPlan();
  let opened = 0;
  const openSession = (): Session => {
    const number = opened++;
    const { opens, outcome = 'OK', diesAfter = Number.POSITIVE_INFINITY } = behaviours[number] as Behaviour;
    let requests = 0;
    return {
      async open() {
        log.push(`open ${number}`);
        if (!opens) return undefined;
        return { facts: { protocolVersion: '2025-11-25', server: 'fake', session: 'stateful' }, tools: [] };
      },
      get alive() {
        return requests < diesAfter;
      },
      async request({ operation }) {
        requests++;
        log.push(`${operation} on ${number}`);
        await clock.sleepUntil(clock.now() + 250);
        return { outcome } as Awaited<ReturnType<Session['request']>>;
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
