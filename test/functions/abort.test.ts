import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startLocalStack } from '../../demo/local-stack.ts';
import { getReport, postRun } from '../../demo/runs-api.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { waitForRun } from '../support/wait-for-run.ts';

it('concludes an aborted run without waiting for its later windows', async (t) => {
  const stack = await startLocalStack({
    latencyScale: 0,
    settings: { SURGE_WINDOW_SECONDS: '20', SURGE_VUS_PER_LANE: '1' },
  });
  t.after(() => stack.stop());
  const api = `${stack.host.url}/api`;
  const more = `
thresholds: { mcp_requests: [{ threshold: "count<20", abortOnFail: true }] }
generator: { maxEventLoopDelay: 5s, maxStartDelay: 10s, maxCpu: 8 }`;
  const began = performance.now();
  // Four windows; the groups of three of them would wait up to 45 seconds.
  const { id } = await postRun(api, learnPlan(stack.servers, { duration: '80s', vus: 2, more }));
  const { state, abort, verdict } = await waitForRun(api, id);
  const tookMs = performance.now() - began;
  assert.equal(state, 'done');
  assert.equal(abort?.expression, 'count<20');
  assert.equal(verdict?.status, 'fail', verdict?.reasons.join(' '));
  assert.match(verdict?.reasons[0] ?? '', /^Aborted [\d.]+ s after the start: mcp_requests count<20, observed \d+\.$/);
  assert.ok(tookMs < 35_000, `it took ${tookMs} ms`);
  const { generator, durationSeconds } = await getReport(api, id);
  assert.deepEqual(generator.slices, { planned: 2, committed: 2, partial: 0, lost: 0, skipped: 6, duplicates: 0 });
  assert.ok(durationSeconds < 10, `it made load for ${durationSeconds} s`);
});
