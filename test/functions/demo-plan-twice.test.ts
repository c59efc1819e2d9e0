import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startLocalStack } from '../../demo/local-stack.ts';
import { getReport, postRun } from '../../demo/runs-api.ts';
import { demoPlan } from '../support/fleet-plan.ts';
import { assertCountsReconcile } from '../support/reconcile.ts';
import { waitForRun } from '../support/wait-for-run.ts';

it('counts what the servers counted, and reports duplicates, if every activity is delivered twice', async (t) => {
  // Two windows of four lanes: eight slices.
  const stack = await startLocalStack({ deliverActivitiesTwice: true, settings: { SURGE_WINDOW_SECONDS: '3' } });
  t.after(() => stack.stop());
  const api = `${stack.host.url}/api`;
  const { id } = await postRun(api, demoPlan(stack.servers, '6s'));
  const status = await waitForRun(api, id);
  assert.equal(status.state, 'done', JSON.stringify(status.problems));

  const report = await getReport(api, id);
  await assertCountsReconcile(report, stack.servers);
  const { slices, vus } = report.generator;
  assert.deepEqual(slices, { planned: 8, committed: 8, partial: 0, lost: 0, duplicates: 8 });
  assert.deepEqual(vus, { planned: 17, started: 17 });
  assert.equal(
    report.totals.requests + report.protocol.requests,
    report.operations.reduce((sum, { count }) => sum + count, 0),
  );
  // The last live figures are those of the report.
  assert.equal(status.live.requests, report.totals.requests);
  assert.equal(status.live.failures, report.totals.failures);
  assert.equal(status.live.protocol.requests, report.protocol.requests);

  const instances = stack.host.durable.instances();
  // The run itself, a lane for each slice and a group to fold them.
  assert.ok(instances.length > 8, `${instances.length} instances`);
  for (const { instanceId, runtimeStatus, input, output } of instances) {
    assert.equal(runtimeStatus, 'Completed', instanceId);
    assert.ok(JSON.stringify({ input, output }).length < 1024, `${instanceId} carries too much`);
  }
});
