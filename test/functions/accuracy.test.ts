import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startLocalStack } from '../../demo/local-stack.ts';
import { getReport, postRun } from '../../demo/runs-api.ts';
import { overridePlan } from '../../src/plan/override-plan.ts';
import { fleetStats } from '../support/reconcile.ts';
import { waitForRun } from '../support/wait-for-run.ts';

test('percentiles agree with those that the servers measured themselves', async (t) => {
  const stack = await startLocalStack();
  try {
    const api = `${stack.host.url}/api`;
    const plan = overridePlan(readFileSync('plans/demo.yaml', 'utf8'), {
      duration: '10s',
      targets: Object.fromEntries(Object.entries(stack.servers).map(([name, { url }]) => [name, url])),
      tokenUrls: { ado: stack.servers.ado.tokenUrl as string },
    });
    const { id } = await postRun(api, plan);
    await waitForRun(api, id);
    const report = await getReport(api, id);

    let close = 0;
    let figures = 0;
    for (const { target, operation, latencyMs } of report.operations) {
      if (latencyMs === null) continue;
      const { statsUrl } = stack.servers[target as keyof typeof stack.servers];
      const theirs =
        (await fleetStats(statsUrl)).operations[operation]?.latencyMs ?? assert.fail(`${target} ${operation}`);
      for (const figure of ['p50', 'p95'] as const) {
        const differenceMs = latencyMs[figure] - theirs[figure];
        const what = `${target} ${operation} ${figure}: ${latencyMs[figure]} ms, by the server ${theirs[figure]} ms`;
        figures++;
        if (Math.abs(differenceMs) <= Math.max(2, theirs[figure] * 0.03)) close++;
        else t.diagnostic(what);
        // We see what a request waits on its way, the server does not; never the other way round by more than rounding.
        assert.ok(differenceMs > -2, what);
        // The width that a machine with other work on its cores needs.
        assert.ok(differenceMs < Math.max(40, theirs[figure] * 0.1), what);
      }
    }
    t.diagnostic(`${close} of ${figures} figures are within 2 ms or 3 %`);
    assert.ok(close >= figures * 0.6, `only ${close} of ${figures} figures are within 2 ms or 3 %`);
  } finally {
    await stack.stop();
  }
});
