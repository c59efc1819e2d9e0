import assert from 'node:assert/strict';
import { it } from 'node:test';
import { getReport, postRun } from '../../demo/runs-api.ts';
import { hasEnded } from '../../src/run/run-documents.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { waitForRun } from '../support/wait-for-run.ts';
import { startFaultyStack, storedRequests } from './faulty-stack.ts';

it('reports every stored request of a run in which the worker died twice and orchestrations were lost', async (t) => {
  const stack = await startFaultyStack(t, { SURGE_VUS_PER_LANE: '1' });
  // About half of the messages come while there is no worker.
  const host = await stack.startHost({ workerGapMs: 500, messageDelayMs: 1000 });
  const api = `${host.url}/api`;
  const { id } = await postRun(api, learnPlan(stack.servers, { duration: '4s', vus: 10 }));
  await waitForRun(api, id, ({ live }) => live.requests > 100);
  const first = host.workerPid();
  process.kill(first, 'SIGKILL');
  await waitForRun(api, id, (run) => hasEnded(run) || host.workerPid() !== first);
  process.kill(host.workerPid(), 'SIGKILL');
  const { state, verdict, faults = [] } = await waitForRun(api, id);
  assert.equal(state, 'done');
  const lost = host.durable.instances().filter(({ runtimeStatus }) => runtimeStatus === 'Failed');
  assert.ok(lost.length > 0, 'no orchestration was lost');
  assert.equal(verdict?.status, 'invalid');
  assert.match(faults[0] ?? '', /failed.*(its worker process died|an episode of the orchestration was lost)/);
  assert.equal(verdict.reasons[0], faults[0]);
  const report = await getReport(api, id);
  const reported = report.operations.reduce((sum, { count }) => sum + count, 0);
  assert.equal(reported, await storedRequests(stack.store, id));
  assert.ok(reported > 100);
});
