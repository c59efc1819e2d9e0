import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startLocalStack } from '../../demo/local-stack.ts';
import { getReport, postRun } from '../../demo/runs-api.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { fleetStats } from '../support/reconcile.ts';
import { waitForRun } from '../support/wait-for-run.ts';

const OPERATION = 'tools/call:microsoft_docs_search';
const VUS = 6;

it('takes over from a worker that dies, counts what the worker had stored, and does not let the run pass', async (t) => {
  const settings = { SURGE_DEAD_AFTER_SECONDS: '5' };
  const stack = await startLocalStack({ latencyScale: 0.1, settings });
  t.after(() => stack.stop());
  const api = `${stack.host.url}/api`;
  const sentSoFar = async () => {
    const { operations } = await fleetStats(stack.servers.learn.statsUrl);
    return operations[OPERATION]?.count ?? assert.fail();
  };
  // The run ends when the second attempts have sent enough, however long it takes until they begin. A condition counts all
  // attempts.
  const more = 'thresholds: { mcp_requests: [{ threshold: "count<500", abortOnFail: true }] }';
  const { id } = await postRun(api, learnPlan(stack.servers, { duration: '90s', vus: VUS, thinkTime: '50ms', more }));
  // Progress is written after the blocks, so what it counts is stored.
  const { live } = await waitForRun(api, id, ({ live }) => live.requests > 60 && live.activeVus === VUS);
  process.kill(stack.host.workerPid(), 'SIGKILL');
  const sentByDead = await sentSoFar();
  const storedByDead = live.operations.find(({ operation }) => operation === OPERATION)?.requests ?? assert.fail();
  const status = await waitForRun(api, id);
  assert.equal(status.state, 'done');

  const report = await getReport(api, id);
  const { causes, instancesSeen, ...slices } = report.generator.slices;
  assert.deepEqual(slices, { planned: 2, committed: 0, partial: 2, lost: 0, duplicates: 0 });
  assert.deepEqual([causes, instancesSeen], [[{ cause: 'died', slices: 2 }], 1]);
  assert.equal(report.verdict.status, 'invalid');
  assert.match(report.verdict.reasons.join('\n'), /slices completed.*2 partial/);
  // The process that died and the one that took over.
  assert.equal(report.generator.instances, 2);

  const sent = await sentSoFar();
  const counted = report.operations.find(({ operation }) => operation === OPERATION)?.count ?? 0;
  assert.ok(storedByDead > 0, 'the dead worker had stored nothing');
  assert.ok(counted <= sent, `${counted} counted, ${sent} sent`);
  const { unaccounted } = report.generator;
  assert.ok(
    (unaccounted?.atMost ?? 0) >= sent - counted,
    `${sent} sent, ${counted} counted, ${JSON.stringify(unaccounted)}`,
  );
  assert.equal(unaccounted?.slices, 2);
  // What the dead worker had sent stays in the live counts.
  const finalCount = status.live.operations.find(({ operation }) => operation === OPERATION)?.requests ?? 0;
  assert.ok(
    finalCount >= storedByDead && finalCount <= counted,
    `${finalCount} live, ${storedByDead} stored by the dead, ${counted} counted`,
  );
  // Each virtual user of the dead worker may have had a request in flight, which the server counted later.
  const sentBySecond = sent - sentByDead - VUS;
  assert.ok(sentBySecond > 0, 'no second attempt took over');
  const least = storedByDead + sentBySecond;
  assert.ok(
    counted >= least,
    `${counted} counted; ${storedByDead} stored before the loss, ${sentBySecond} sent after it`,
  );
});
