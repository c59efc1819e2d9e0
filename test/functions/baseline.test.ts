import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { type LocalStack, startLocalStack } from '../../demo/local-stack.ts';
import { getReport, postRun } from '../../demo/runs-api.ts';
import type { RunView } from '../../src/run/run-view.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { waitForRun } from '../support/wait-for-run.ts';

let stack: LocalStack;
let api: string;
before(async () => {
  stack = await startLocalStack({ latencyScale: 0.05 });
  api = `${stack.host.url}/api`;
});
after(() => stack.stop());

const plan = () =>
  learnPlan(stack.servers, {
    duration: '6s',
    more: 'comparison: { metric: p50, minRequests: 20, tolerance: 10, failOn: slower }',
  });
const post = (baseline: string, headers: Record<string, string> = {}) =>
  fetch(`${api}/runs?baseline=${encodeURIComponent(baseline)}`, { method: 'POST', body: plan(), headers });

it('compares a run with a baseline that has a report, and refuses other baselines', async () => {
  const { id } = await postRun(api, plan());
  const early = await post(id);
  assert.equal(early.status, 400);
  assert.match(await early.text(), /has no report to compare with/);
  assert.equal((await post('20200101-000000000-aaaaaaaa')).status, 404);
  assert.equal((await post('no/run')).status, 404);
  await waitForRun(api, id);

  const headers = { 'idempotency-key': 'with a baseline' };
  const accepted = await post(id, headers);
  assert.equal(accepted.status, 202);
  const view = (await accepted.json()) as RunView;
  assert.equal(view.baseline, id);
  assert.equal(((await (await post(id, headers)).json()) as RunView).id, view.id);
  const without = await fetch(`${api}/runs`, { method: 'POST', body: plan(), headers });
  assert.equal(without.status, 422);

  const status = await waitForRun(api, view.id);
  // The plan has no thresholds, and no operation became slower.
  assert.equal(status.verdict?.status, 'unjudged', JSON.stringify(status));
  const { comparison } = await getReport(api, view.id);
  assert.equal(comparison?.baseline.runId, id);
  assert.equal(comparison.current.runId, view.id);
  const search = comparison.operations.find(({ operation }) => operation.startsWith('tools/call'));
  assert.notEqual(search?.change ?? null, null);
});
