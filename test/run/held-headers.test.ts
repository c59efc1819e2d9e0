import assert from 'node:assert/strict';
import { it } from 'node:test';
import { planText } from '../support/a-plan.ts';
import { legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { testContext } from '../support/run-context.ts';
import { reportOfRun } from '../support/whole-run.ts';

it('a run against a gateway that holds back the headers of event streams warns of it, and its iterations do not include the wait', async (t) => {
  const server = await startMcpServer({
    'server/discover': () => '',
    ...legacyServer,
    'tools/list': () => ({ tools: [{ name: 'look', annotations: { readOnlyHint: true } }] }),
    'tools/call': () => ({ content: [{ type: 'text', text: 'seen' }] }),
    GET: () => undefined,
  });
  t.after(() => server.close());
  const text = planText({
    target: { url: `${server.origin}/mcp`, protocol: '2025-11-25', eventStream: true },
    scenario: { duration: '1s', sessions: { reuse: 'iteration' }, steps: [{ tool: 'look', arguments: {} }] },
  });
  const report = await reportOfRun(testContext(), text);
  const [warning] = report.warnings.filter(({ operation }) => operation === 'GET');
  assert.deepEqual([warning?.outcome, warning?.count], ['PROTO_HEADERS_HELD', 1]);
  assert.equal(report.totals.iterations, 1);
  assert.ok((report.iterationMs?.max ?? 2000) < 1500, `${report.iterationMs?.max} ms`);
  assert.deepEqual(report.failures, []);
});
