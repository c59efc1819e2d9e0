import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startLocalStack } from '../../demo/local-stack.ts';
import { postRun } from '../../demo/runs-api.ts';
import * as orchestrators from '../../src/functions/orchestrators.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { waitForRun } from '../support/wait-for-run.ts';
import { createOrchestrator } from './play-orchestration.ts';

const generators: Readonly<Record<string, (typeof orchestrators)['run']>> = { ...orchestrators };

it('asks for the same actions when every episode of a run is replayed from its history', async (t) => {
  const episodes: { name: string; trigger: string; answer: string }[] = [];
  const stack = await startLocalStack({
    latencyScale: 0,
    settings: { SURGE_WINDOW_SECONDS: '1', SURGE_VUS_PER_LANE: '1' },
    onInvocation: ({ invocation, outcome }) => {
      const { functionName, inputData } = invocation;
      if (!(functionName in generators)) return;
      assert.ok(outcome.ok, `${functionName} failed`);
      episodes.push({ name: functionName, trigger: textOf(inputData[0]?.data), answer: textOf(outcome.value) });
    },
  });
  t.after(() => stack.stop());
  const api = `${stack.host.url}/api`;
  const { id } = await postRun(api, learnPlan(stack.servers, { duration: '3s' }));
  assert.equal((await waitForRun(api, id)).state, 'done');
  await stack.stop();

  // Three windows of three lanes; each slice, each group and the run takes several episodes.
  assert.ok(episodes.length > 3 * 3 * 2, `only ${episodes.length} episodes`);
  for (const { name, trigger, answer } of episodes) {
    const replayed = await createOrchestrator(generators[name] as (typeof orchestrators)['run'])(
      JSON.parse(trigger),
      {},
    );
    assert.deepEqual(JSON.parse(JSON.stringify(replayed)), JSON.parse(answer), name);
  }
});

function textOf(data: unknown): string {
  const { string, json } = data as { string?: string; json?: string };
  return string ?? json ?? assert.fail(`no text in ${JSON.stringify(data)}`);
}
