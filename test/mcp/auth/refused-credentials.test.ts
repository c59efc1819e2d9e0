import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createRun } from '../../../src/run/create-run.ts';
import { readReport } from '../../../src/run/run-documents.ts';
import { runInProcess } from '../../../src/run/run-in-process.ts';
import { httpReply, jsonReply } from '../../support/raw-http.ts';
import { testContext } from '../../support/run-context.ts';
import { type RawRequest, type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';

const DURATION_MS = 1500;
/** Calls that the refusing target answers before it refuses all credentials. */
const ACCEPTED_CALLS = 4;
const REFUSED = httpReply(401, ['www-authenticate: Bearer error="invalid_token"'], '');
const LOADED = /user-agent: mcp-surge\/\S+ \(load\)/;

const methodOf = ({ head, body }: RawRequest) =>
  head.startsWith('POST /token') ? 'token' : body === '' ? head.split(' ', 1)[0] : JSON.parse(body).method;

/** A target with a token endpoint of its own. @param acceptedCalls of the load, after which every request gets 401 */
async function startTarget(t: TestContext, acceptedCalls: number): Promise<ScriptedServer> {
  const results: Record<string, object> = {
    initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} } },
    'tools/list': { tools: [{ name: 'look', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }] },
    'tools/call': { content: [{ type: 'text', text: 'seen' }] },
  };
  let calls = 0;
  let tokens = 0;
  const server = await startScriptedServer((socket, request) => {
    const method = methodOf(request);
    if (method === 'token')
      return void socket.write(jsonReply({ access_token: `token-${++tokens}`, expires_in: 3600 }));
    if (method === 'tools/call' && LOADED.test(request.head)) calls++;
    if (calls > acceptedCalls) return void socket.write(REFUSED);
    const { id } = (request.body === '' ? {} : JSON.parse(request.body)) as { id?: number };
    if (id === undefined) socket.write(httpReply(202, [], ''));
    else
      socket.write(
        jsonReply({ jsonrpc: '2.0', id, result: results[method] }).replace('\r\n', '\r\nmcp-session-id: s\r\n'),
      );
  });
  t.after(() => server.close());
  return server;
}

describe('a target that starts to refuse credentials in mid-run', () => {
  it('gets no further load, and the report says so, while the other target is loaded to the end', async (t) => {
    const servers = { refusing: await startTarget(t, ACCEPTED_CALLS), steady: await startTarget(t, 1e9) };
    const targets = Object.entries(servers).map(([name, { origin }]) => {
      const auth = { type: 'client-credentials', tokenUrl: `${origin}/token`, clientId: 'me', clientSecret: 'name' };
      return [name, { url: `${origin}/mcp`, protocol: '2025-11-25', auth }];
    });
    const scenarios = Object.keys(servers).map((target) => {
      const thinkTime = { type: 'constant', duration: '40ms' };
      const steps = [{ tool: 'look' }];
      return [target, { target, executor: 'constant-vus', vus: 1, duration: `${DURATION_MS}ms`, thinkTime, steps }];
    });
    const plan = { name: 'refused', targets: Object.fromEntries(targets), scenarios: Object.fromEntries(scenarios) };
    const context = testContext({ secrets: { get: async () => 'the-client-secret' } });
    const created = await createRun(context, { text: JSON.stringify(plan), trigger: 'command' });
    assert.ok('record' in created, JSON.stringify(created));
    assert.deepEqual(await runInProcess(context, created.record.runId), []);
    const report = (await readReport(context.store, created.record.runId)) ?? assert.fail('no report');

    // Nothing follows the refusal of the renewed token: no call, no new session, no DELETE.
    const methods = servers.refusing.requests.map(methodOf);
    assert.deepEqual(methods.slice(-ACCEPTED_CALLS - 3), [
      ...Array(ACCEPTED_CALLS).fill('tools/call'),
      'tools/call',
      'token',
      'tools/call',
    ]);
    const rejected = report.failures.filter(({ outcome }) => outcome === 'AUTH_REJECTED');
    assert.deepEqual(
      rejected.map(({ target, operation, count }) => [target, operation, count]),
      [['refusing', 'tools/call:look', 1]],
    );
    const [stop, ...others] = report.generator.stoppedTargets;
    assert.deepEqual(others, []);
    assert.equal(stop?.target, 'refusing');
    assert.equal(stop.reason, 'AUTH_REJECTED: Bearer error="invalid_token"');
    assert.ok(stop.atSeconds > 0 && stop.atSeconds * 1000 < DURATION_MS, `stopped after ${stop.atSeconds} s`);
    assert.equal(report.verdict.status, 'invalid');
    const reasons = report.verdict.reasons.join('\n');
    assert.match(reasons, /load not stopped early.*refusing.*AUTH_REJECTED/);
    assert.doesNotMatch(reasons, /steady/);

    // The other target is still called after that, until the planned end.
    const steady = servers.steady.requests.filter((request) => methodOf(request) === 'tools/call');
    assert.ok(steady.length > 2 * ACCEPTED_CALLS, `${steady.length} calls`);
    assert.equal(servers.steady.requests.map(methodOf).at(-1), 'DELETE', 'its session is closed');
  });
});
