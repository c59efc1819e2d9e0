import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { type Answer, type Incoming, legacyServer, type McpServer, startMcpServer } from '../../support/mcp-server.ts';
import { httpReply, jsonReply } from '../../support/raw-http.ts';
import { testContext } from '../../support/run-context.ts';
import { reportOfRun } from '../../support/whole-run.ts';

const DURATION_MS = 1500;
/** Calls that the refusing target answers before it refuses all credentials. */
const ACCEPTED_CALLS = 4;
/** Repeats the token that it refuses, as some servers do. */
const refusalOf = ({ headers }: Incoming) => {
  const description = `${headers.authorization?.replace('Bearer ', '')} is unknown`;
  return httpReply(401, [`www-authenticate: Bearer error="invalid_token", error_description="${description}"`], '');
};
const LOADS = /^mcp-surge\/\S+ \(load\)/;

/** A target with a token endpoint of its own. @param acceptedCalls of the load, after which every request gets 401 */
async function startTarget(t: TestContext, acceptedCalls: number): Promise<McpServer> {
  let calls = 0;
  let tokens = 0;
  const refusing = (answer: Answer): Answer => {
    return (incoming) => {
      if (incoming.method === 'tools/call' && LOADS.test(incoming.headers['user-agent'] ?? '')) calls++;
      return calls > acceptedCalls ? refusalOf(incoming) : answer(incoming);
    };
  };
  const answers = Object.entries(legacyServer).map(([method, answer]) => [method, refusing(answer)]);
  const server = await startMcpServer(Object.fromEntries(answers), {
    'POST /token': () => jsonReply({ access_token: `token-${++tokens}`, expires_in: 3600 }),
  });
  t.after(() => server.close());
  return server;
}

it('a target that starts to refuse credentials gets no further load, and the report says so, while the other target is loaded to the end', async (t) => {
  const servers = { refusing: await startTarget(t, ACCEPTED_CALLS), steady: await startTarget(t, 1e9) };
  const targets = Object.entries(servers).map(([name, { origin }]) => {
    const auth = {
      type: 'client-credentials',
      tokenUrl: `${origin}/token`,
      clientId: 'me',
      clientSecret: `${name}-secret`,
    };
    return [name, { url: `${origin}/mcp`, protocol: '2025-11-25', allowWrites: ['look'], auth }];
  });
  const scenarios = Object.keys(servers).map((target) => {
    const thinkTime = { type: 'constant', duration: '40ms' };
    const steps = [{ tool: 'look' }];
    return [target, { target, executor: 'constant-vus', vus: 1, duration: `${DURATION_MS}ms`, thinkTime, steps }];
  });
  const plan = { name: 'refused', targets: Object.fromEntries(targets), scenarios: Object.fromEntries(scenarios) };
  const context = testContext({ secrets: { get: async () => 'the-client-secret' } });
  const report = await reportOfRun(context, JSON.stringify(plan));

  // Nothing follows the refusal of the renewed token: no call, no new session, no DELETE.
  assert.deepEqual(servers.refusing.methods().slice(-ACCEPTED_CALLS - 3), [
    ...Array(ACCEPTED_CALLS).fill('tools/call'),
    'tools/call',
    'POST /token',
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
  assert.equal(stop.reason, 'AUTH_REJECTED: Bearer error="invalid_token", error_description="[redacted] is unknown"');
  assert.ok(stop.atSeconds > 0 && stop.atSeconds * 1000 < DURATION_MS, `stopped after ${stop.atSeconds} s`);
  assert.equal(report.verdict.status, 'invalid');
  const reasons = report.verdict.reasons.join('\n');
  assert.match(reasons, /load not stopped early.*refusing.*AUTH_REJECTED/);
  assert.doesNotMatch(reasons, /steady/);

  // The other target is still called after that, until the planned end.
  const steady = servers.steady.of('tools/call');
  assert.ok(steady.length > 2 * ACCEPTED_CALLS, `${steady.length} calls`);
  assert.equal(servers.steady.methods().at(-1), 'DELETE', 'its session is closed');
});
