import assert from 'node:assert/strict';
import { it } from 'node:test';
import { planText } from '../support/a-plan.ts';
import { type Answer, legacyServer, modernServer, startMcpServer } from '../support/mcp-server.ts';
import { testContext } from '../support/run-context.ts';
import { reportOfRun } from '../support/whole-run.ts';

const ERAS = { '2025-11-25': legacyServer, '2026-07-28': modernServer };

for (const [protocol, answers] of Object.entries(ERAS)) {
  it(`calls no tool that the server marks as read-only to preflight alone (${protocol})`, async (t) => {
    const list: Answer = ({ headers }) => ({
      tools: [{ name: 'look', annotations: { readOnlyHint: headers['user-agent']?.includes('preflight') } }],
    });
    const server = await startMcpServer(answers, { 'tools/list': list });
    t.after(() => server.close());
    const report = await reportOfRun(
      testContext(),
      planText({ target: { url: `${server.origin}/mcp`, protocol }, scenario: { vus: 3, duration: '2s' } }),
    );
    assert.equal(server.of('tools/call').length, 0);
    assert.equal(report.verdict.status, 'invalid');
    const reason = 'web does not mark "look" with readOnlyHint, so it may change something.';
    assert.match(report.verdict.reasons.join('\n'), new RegExp(`load not stopped early.*${reason}`));
  });

  it(`calls such a tool with permission (${protocol})`, async (t) => {
    const server = await startMcpServer(answers);
    t.after(() => server.close());
    await reportOfRun(
      testContext(),
      planText({
        target: { url: `${server.origin}/mcp`, protocol, allowWrites: ['look'] },
        scenario: { executor: 'per-vu-iterations', vus: 2, iterations: 1, duration: undefined },
      }),
    );
    assert.equal(server.of('tools/call').length, 2);
  });
}
