import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { getReport, postRun } from '../../demo/runs-api.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { waitForRun } from '../support/wait-for-run.ts';
import { startFaultyStack, storedRequests } from './faulty-stack.ts';

it('carries a run to its end although its host died and came back', async (t) => {
  const stack = await startFaultyStack(t, { SURGE_VUS_PER_LANE: '1' });
  const host = await stack.startHostProcess({ visibilityTimeoutMs: 500 });
  const api = `${host.url}/api`;
  const { id } = await postRun(api, learnPlan(stack.servers, { duration: '6s', vus: 2 }));
  await waitForRun(api, id, ({ live }) => live.requests > 20);
  await host.kill();
  await delay(200);
  await host.start();
  const { state, verdict } = await waitForRun(api, id);
  assert.equal(state, 'done');
  assert.equal(verdict?.status, 'invalid');
  const report = await getReport(api, id);
  const reported = report.operations.reduce((sum, { count }) => sum + count, 0);
  assert.equal(reported, await storedRequests(stack.store, id));
});
