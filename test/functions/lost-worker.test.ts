import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLocalStack } from '../../demo/local-stack.ts';
import { getReport, postRun } from '../../demo/runs-api.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { fleetStats } from '../support/reconcile.ts';
import { waitForRun } from '../support/wait-for-run.ts';

test('a worker that dies in the middle: second attempts take over, what was stored counts, and nobody calls it a pass', async () => {
  const stack = await startLocalStack({ latencyScale: 0.1 });
  try {
    const api = `${stack.host.url}/api`;
    const { id } = await postRun(api, learnPlan(stack.servers, { duration: '8s', vus: 6 }));
    // Progress is written with the blocks, so at this point each slice has something in the store.
    await waitForRun(api, id, ({ live }) => live.requests > 60 && live.activeVus === 6);
    process.kill(stack.host.workerPid(), 'SIGKILL');
    const status = await waitForRun(api, id);
    assert.equal(status.state, 'done');

    const report = await getReport(api, id);
    assert.deepEqual(report.generator.slices, { planned: 2, committed: 0, partial: 2, lost: 0, duplicates: 0 });
    assert.equal(report.verdict.status, 'invalid');
    assert.match(report.verdict.reasons.join('\n'), /slices completed.*2 partial/);
    assert.equal(report.generator.instances, 1);

    // Only what the dead worker had not stored yet is missing.
    const { count } =
      (await fleetStats(stack.servers.learn.statsUrl)).operations['tools/call:microsoft_docs_search'] ?? assert.fail();
    const counted =
      report.operations.find(({ operation }) => operation === 'tools/call:microsoft_docs_search')?.count ?? 0;
    assert.ok(counted > 60, `${counted} counted`);
    assert.ok(counted <= count, `${counted} counted, ${count} sent`);
    // Each of the two slices loses at most what was made since its last flush, two seconds before.
    const missed = count - counted;
    assert.ok(missed < count / 2, `${missed} of ${count} are missing`);
  } finally {
    await stack.stop();
  }
});
