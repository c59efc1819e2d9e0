import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { createRun } from '../../../src/run/create-run.ts';
import { readReport } from '../../../src/run/run-documents.ts';
import { runInProcess } from '../../../src/run/run-in-process.ts';
import { httpReply, jsonReply } from '../../support/raw-http.ts';
import { testContext } from '../../support/run-context.ts';
import { type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';

const TOKEN = 'issued-token-0123456789';
let server: ScriptedServer;

afterEach(() => server.close());

/** A token endpoint, and an MCP server that fails one method with a message that repeats the authorization header. */
async function startEcho(echoed: string): Promise<void> {
  const results: Record<string, object> = {
    initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} } },
    'tools/list': { tools: [{ name: 'look', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }] },
  };
  server = await startScriptedServer((socket, { head, body }) => {
    if (head.startsWith('POST /token')) {
      socket.write(jsonReply({ access_token: TOKEN, expires_in: 3600 }));
      return;
    }
    const { id, method } = JSON.parse(body) as { id?: number; method: string };
    if (method === echoed) socket.write(httpReply(500, [], `who sent ${/authorization: .*/.exec(head)?.[0]}?`));
    else if (id === undefined) socket.write(httpReply(202, [], ''));
    else socket.write(jsonReply({ jsonrpc: '2.0', id, result: results[method] }));
  });
}

/** Runs a plan whose target needs a token from the endpoint. */
async function run(): Promise<{ readonly problems: readonly string[]; readonly report: string }> {
  const context = testContext({ secrets: { get: async () => 'the-client-secret' } });
  const auth = { type: 'client-credentials', tokenUrl: `${server.origin}/token`, clientId: 'me', clientSecret: 'name' };
  const scenario = {
    target: 'echo',
    executor: 'constant-vus',
    vus: 1,
    duration: '1s',
    thinkTime: { type: 'constant', duration: '50ms' },
    steps: [{ tool: 'look' }],
  };
  const plan = {
    name: 'echo',
    targets: { echo: { url: `${server.origin}/mcp`, auth } },
    scenarios: { look: scenario },
  };
  const created = await createRun(context, { text: JSON.stringify(plan), trigger: 'command' });
  if (created.outcome !== 'created') assert.fail(JSON.stringify(created));
  const { runId } = created.record;
  const problems = await runInProcess(context, runId);
  return { problems, report: JSON.stringify((await readReport(context.store, runId)) ?? null) };
}

describe('an access token that the target echoes', () => {
  it('is redacted in the problems of preflight', async () => {
    await startEcho('initialize');
    const { problems } = await run();
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /HTTP_500.*\[redacted\]/);
    assert.ok(!JSON.stringify(problems).includes(TOKEN));
  });

  it('is redacted in the report', async () => {
    await startEcho('tools/call');
    const { problems, report } = await run();
    assert.deepEqual(problems, []);
    assert.match(report, /HTTP_500/);
    assert.match(report, /authorization: Bearer \[redacted\]/);
    assert.ok(!report.includes(TOKEN));
  });
});
