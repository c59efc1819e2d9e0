import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { planText } from '../../support/a-plan.ts';
import { type Answer, legacyServer, startMcpServer } from '../../support/mcp-server.ts';
import { httpReply, jsonReply } from '../../support/raw-http.ts';
import { testContext } from '../../support/run-context.ts';
import { endedRun } from '../../support/whole-run.ts';

const TOKEN = 'issued-token-0123456789';

/**
 * Runs a plan whose target needs a token from an endpoint of the same server. The server fails one method with a message
 * that repeats the authorization header.
 */
async function run(
  t: TestContext,
  echoed: string,
): Promise<{ readonly problems: readonly string[]; readonly report: string }> {
  const echo: Answer = ({ headers }) => httpReply(500, [], `who sent authorization: ${headers.authorization}?`);
  const issue: Answer = () => jsonReply({ access_token: TOKEN, expires_in: 3600 });
  const server = await startMcpServer(legacyServer, { 'POST /token': issue, [echoed]: echo });
  t.after(() => server.close());
  const auth = { type: 'client-credentials', tokenUrl: `${server.origin}/token`, clientId: 'me', clientSecret: 'name' };
  const text = planText({
    target: { url: `${server.origin}/mcp`, protocol: '2025-11-25', allowWrites: ['look'], auth },
    scenario: { duration: '1s', thinkTime: { type: 'constant', duration: '50ms' } },
  });
  const context = testContext({ secrets: { get: async () => 'the-client-secret' } });
  const { problems, report } = await endedRun(context, text);
  return { problems, report: JSON.stringify(report ?? null) };
}

it('redacts an access token that the target echoes, in the problems of preflight', async (t) => {
  const { problems } = await run(t, 'initialize');
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? '', /HTTP_500.*\[redacted\]/);
  assert.ok(!JSON.stringify(problems).includes(TOKEN));
});

it('redacts an access token that the target echoes, in the report', async (t) => {
  const { problems, report } = await run(t, 'tools/call');
  assert.deepEqual(problems, []);
  assert.match(report, /HTTP_500/);
  assert.match(report, /authorization: Bearer \[redacted\]/);
  assert.ok(!report.includes(TOKEN));
});
