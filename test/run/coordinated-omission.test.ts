import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Report } from '../../src/report/report.ts';
import { planText } from '../support/a-plan.ts';
import { jsonResult, legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { testContext } from '../support/run-context.ts';
import { reportOfRun } from '../support/whole-run.ts';

// Gil Tene, "How NOT to Measure Latency" (2015): a client that waits for each answer before it sends the next request sends
// nothing while the server stalls. Its figures then leave out the waiting that its users would have had.

const CALLS_BEFORE_STALL = 100;
const STALL_MS = 1000;

/** Runs a scenario against a server that answers immediately, but stalls for a second from the hundredth call on. */
async function reportOf(t: TestContext, scenario: Record<string, unknown>): Promise<Report> {
  let calls = 0;
  let stallEndsMs = 0;
  const server = await startMcpServer(legacyServer, {
    'tools/call': ({ id, socket }) => {
      calls++;
      if (calls === CALLS_BEFORE_STALL) stallEndsMs = performance.now() + STALL_MS;
      const leftMs = stallEndsMs - performance.now();
      if (leftMs <= 0) return { content: [] };
      setTimeout(() => socket.write(jsonResult(id, { content: [] })), leftMs);
      return undefined;
    },
  });
  t.after(() => server.close());
  const target = { url: `${server.origin}/mcp`, protocol: '2025-11-25', allowWrites: ['look'] };
  return reportOfRun(testContext(), planText({ target, scenario }));
}

function callsOf(report: Report) {
  const found = report.operations.find(({ operation }) => operation === 'tools/call:look');
  assert.ok(found?.latencyMs);
  return { ...found, latencyMs: found.latencyMs };
}

/** What a busy machine may add to a latency: both the client and the server are in this process. */
function delayOf({ generator }: Report): number {
  return 2 * (generator.eventLoopDelayMs?.p99 ?? 0);
}

const ARRIVALS = { executor: 'constant-arrival-rate', vus: undefined, rate: 100, duration: '4s' };

describe('a server that stalls for a second', { concurrency: true }, () => {
  it('shows in the percentiles if starts come at a rate', async (t) => {
    const report = await reportOf(t, { ...ARRIVALS, preAllocatedVUs: 250 });
    const { latencyMs, count } = callsOf(report);
    assert.equal(count, 400);
    assert.equal(report.totals.droppedIterations, 0);
    // A hundred of the 400 starts fall into the stall; they wait for its remaining time, between nothing and a second.
    assert.ok(latencyMs.p99 > STALL_MS * 0.85, `p99 ${latencyMs.p99} ms`);
    assert.ok(latencyMs.p90 > STALL_MS * 0.45, `p90 ${latencyMs.p90} ms`);
    assert.ok(latencyMs.p50 < STALL_MS * 0.3 + delayOf(report), `p50 ${latencyMs.p50} ms`);
  });

  it('shows as dropped iterations if there are too few virtual users for the rate', async (t) => {
    const report = await reportOf(t, { ...ARRIVALS, preAllocatedVUs: 5 });
    const { count } = callsOf(report);
    const { droppedIterations } = report.totals;
    assert.equal(count + droppedIterations, 400);
    assert.ok(droppedIterations > 60, `${droppedIterations} were dropped`);
  });

  it('hides in one slow call if a virtual user sets the pace', async (t) => {
    const calls = { executor: 'per-vu-iterations', duration: undefined, iterations: 200 };
    const report = await reportOf(t, { ...calls, thinkTime: { type: 'constant', duration: '8ms' } });
    const { latencyMs, count } = callsOf(report);
    assert.equal(count, 200);
    assert.ok(latencyMs.max > STALL_MS * 0.9, `max ${latencyMs.max} ms`);
    assert.ok(latencyMs.p95 < STALL_MS * 0.3 + delayOf(report), `p95 ${latencyMs.p95} ms`);
  });
});
