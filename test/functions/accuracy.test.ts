import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startLocalStack } from '../../demo/local-stack.ts';
import { getReport, postRun } from '../../demo/runs-api.ts';
import { demoPlan } from '../support/fleet-plan.ts';
import { fleetStats } from '../support/reconcile.ts';
import { waitForRun } from '../support/wait-for-run.ts';

it('reports the percentiles that the servers measured themselves', async (t) => {
  const stack = await startLocalStack();
  t.after(() => stack.stop());
  const api = `${stack.host.url}/api`;
  const { id } = await postRun(api, demoPlan(stack.servers, '10s'));
  await waitForRun(api, id);
  const report = await getReport(api, id);

  const { requests } = report.totals;
  assert.ok(requests > 50, `only ${requests} requests were measured`);
  // Other work on the machine delays single requests, here and in the servers. The run measures by how much.
  const lateMs = report.generator.eventLoopDelayMs.max ?? assert.fail();
  const ratios = { p50: [] as number[], p95: [] as number[] };
  for (const { target, operation, latencyMs } of report.operations) {
    if (latencyMs === null) continue;
    const { statsUrl } = stack.servers[target as keyof typeof stack.servers];
    const theirs =
      (await fleetStats(statsUrl)).operations[operation]?.latencyMs ?? assert.fail(`${target} ${operation}`);
    for (const figure of ['p50', 'p95'] as const) {
      const differenceMs = latencyMs[figure] - theirs[figure];
      const what = `${target} ${operation} ${figure}: ${latencyMs[figure]} ms, by the server ${theirs[figure]} ms`;
      t.diagnostic(what);
      // The client also measures the way to the server and back, so that it is below the server only by such delays.
      assert.ok(differenceMs > -2 - 2 * lateMs, `${what}; late by ${lateMs} ms`);
      assert.ok(differenceMs < Math.max(40, theirs[figure] * 0.1) + 2 * lateMs, `${what}; late by ${lateMs} ms`);
      if (theirs[figure] >= 100) ratios[figure].push(latencyMs[figure] / theirs[figure]);
    }
  }
  // At least half of the figures must agree, whatever delayed single requests.
  for (const [figure, all] of Object.entries(ratios)) {
    assert.ok(all.length >= 10, `only ${all.length} operations have a ${figure} of at least 100 ms`);
    const median = all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] as number;
    t.diagnostic(`${figure}: median ratio ${median} of ${all.length} operations; late by ${lateMs} ms`);
    assert.ok(median > 0.99 && median < 1.1, `the median ratio of ${figure} is ${median}`);
  }
});
