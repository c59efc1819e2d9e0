import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { Report } from '../../src/report/report.ts';
import { createRun } from '../../src/run/create-run.ts';
import { readReport } from '../../src/run/run-documents.ts';
import { runInProcess } from '../../src/run/run-in-process.ts';
import { planText } from '../support/a-plan.ts';
import { testContext } from '../support/run-context.ts';

// Gil Tene, "How NOT to Measure Latency" (2015): a client that waits for each answer before it sends the next request sends
// nothing while the server stalls. Its figures then leave out the waiting that its users would have had.

const TOOLS = '{"tools":[{"name":"look","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}]}';
const INITIALIZED =
  '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"stalling","version":"1"}}';

const CALLS_BEFORE_STALL = 100;
const STALL_MS = 1000;

/** Answers calls immediately; with the hundredth call, it stalls for a second and answers only at the end of it. */
async function startStallingServer(t: TestContext): Promise<string> {
  let calls = 0;
  let stallEndsMs = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const answer = (result: string) => {
        const id = /"id":(\d+)/.exec(body)?.[1];
        if (id === undefined) return response.writeHead(202).end();
        response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'one' });
        return response.end(`{"jsonrpc":"2.0","id":${id},"result":${result}}`);
      };
      if (body.includes('"initialize"')) return answer(INITIALIZED);
      if (body.includes('"tools/list"')) return answer(TOOLS);
      if (!body.includes('"tools/call"')) return answer('{}');
      calls++;
      if (calls === CALLS_BEFORE_STALL) stallEndsMs = performance.now() + STALL_MS;
      const leftMs = stallEndsMs - performance.now();
      return leftMs > 0 ? setTimeout(() => answer('{"content":[]}'), leftMs) : answer('{"content":[]}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

async function reportOf(t: TestContext, scenario: Record<string, unknown>): Promise<Report> {
  const url = await startStallingServer(t);
  const context = testContext();
  const created = await createRun(context, { text: planText({ target: { url }, scenario }), trigger: 'command' });
  assert.ok(created.outcome === 'created', JSON.stringify(created));
  assert.deepEqual(await runInProcess(context, created.record.runId), []);
  return (await readReport(context.store, created.record.runId)) as Report;
}

function callsOf(report: Report) {
  const found = report.operations.find(({ operation }) => operation === 'tools/call:look');
  assert.ok(found?.latencyMs);
  return { ...found, latencyMs: found.latencyMs };
}

const ARRIVALS = { executor: 'constant-arrival-rate', vus: undefined, rate: 100, duration: '4s' };

describe('a server that stalls for a second', { concurrency: true }, () => {
  it('shows in the percentiles if starts come at a rate', async (t) => {
    const report = await reportOf(t, { ...ARRIVALS, preAllocatedVUs: 150 });
    const { latencyMs, count } = callsOf(report);
    assert.equal(count, 400);
    assert.equal(report.totals.droppedIterations, 0);
    // A hundred of the 400 starts fall into the stall; they wait for its remaining time, between nothing and a second.
    assert.ok(latencyMs.p99 > STALL_MS * 0.85, `p99 ${latencyMs.p99} ms`);
    assert.ok(latencyMs.p90 > STALL_MS * 0.45, `p90 ${latencyMs.p90} ms`);
    assert.ok(latencyMs.p50 < STALL_MS * 0.3, `p50 ${latencyMs.p50} ms`);
  });

  it('shows as dropped iterations if there are too few virtual users for the rate', async (t) => {
    const report = await reportOf(t, { ...ARRIVALS, preAllocatedVUs: 5 });
    const { count } = callsOf(report);
    const { droppedIterations } = report.totals;
    assert.equal(count + droppedIterations, 400);
    assert.ok(droppedIterations > 60, `${droppedIterations} were dropped`);
  });

  it('hides in one slow call if a virtual user sets the pace', async (t) => {
    const thinkTime = { type: 'constant', duration: '8ms' };
    const { latencyMs, count } = callsOf(await reportOf(t, { duration: '4s', thinkTime }));
    assert.ok(count > 110, `${count} calls`);
    assert.ok(latencyMs.max > STALL_MS * 0.9, `max ${latencyMs.max} ms`);
    assert.ok(latencyMs.p95 < STALL_MS * 0.3, `p95 ${latencyMs.p95} ms`);
  });
});
