import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { environmentSecrets } from '../../src/secrets/open-secrets.ts';
import { planText } from '../support/a-plan.ts';
import { type Answer, legacyServer, type McpServer, startMcpServer } from '../support/mcp-server.ts';
import { httpReply, jsonReply } from '../support/raw-http.ts';
import { testContext } from '../support/run-context.ts';
import { endedRun } from '../support/whole-run.ts';

const SECRET = 'the-client-secret-of-this-test';
const missing = httpReply(404, [], '');

/** An authorization server that issues tokens, with metadata unless it is down. */
async function startServer(t: TestContext, isUp = true): Promise<McpServer> {
  const server: McpServer = await startMcpServer({
    GET: ({ path }) => {
      const metadata = { issuer: server.origin, token_endpoint: `${server.origin}/token` };
      return isUp && path.startsWith('/.well-known/') ? jsonReply(metadata) : missing;
    },
    'POST /token': () => jsonReply({ access_token: 'a-token', expires_in: 3600 }),
  });
  t.after(() => server.close());
  return server;
}

/** A target that demands a token from one of these servers. */
async function startTarget(t: TestContext, servers: readonly McpServer[]): Promise<McpServer> {
  const demand = httpReply(401, ['www-authenticate: Bearer'], '');
  const guarded = ([method, answer]: [string, Answer]) =>
    [method, (incoming) => (incoming.headers.authorization === 'Bearer a-token' ? answer(incoming) : demand)] as [
      string,
      Answer,
    ];
  const target: McpServer = await startMcpServer(Object.fromEntries(Object.entries(legacyServer).map(guarded)), {
    ping: () => demand,
    GET: ({ path }) => {
      const listed = { resource: `${target.origin}/mcp`, authorization_servers: servers.map(({ origin }) => origin) };
      return path.startsWith('/.well-known/') ? jsonReply(listed) : httpReply(405, [], '');
    },
  });
  t.after(() => target.close());
  return target;
}

async function run(target: McpServer, auth: object = {}, secretOrigins: Readonly<Record<string, string[]>> = {}) {
  const { policy } = testContext();
  const context = testContext({
    policy: { ...policy, secretOrigins: new Map(Object.entries(secretOrigins)) },
    secrets: environmentSecrets({ SURGE_SECRET_MINE: SECRET }),
  });
  const credentials = { type: 'client-credentials', clientId: 'me', clientSecret: 'mine', ...auth };
  const text = planText({
    target: { url: `${target.origin}/mcp`, protocol: '2025-11-25', allowWrites: ['look'], auth: credentials },
    scenario: { executor: 'per-vu-iterations', vus: 1, iterations: 1, duration: undefined },
    plan: { generator: { maxEventLoopDelay: '10s', maxStartDelay: '30s' } },
  });
  const { problems, report } = await endedRun(context, text);
  return { said: problems.join(), report };
}

/** What a server has seen of the client secret. */
const sentTo = ({ requests }: McpServer) =>
  requests.filter(({ head, body }) => {
    const basic = /^authorization: Basic (\S+)/im.exec(head)?.[1] ?? '';
    return `${head}${body}${Buffer.from(basic, 'base64')}`.includes(SECRET);
  }).length;

it('sends a client secret to the first authorization server that the target lists, which the report names', async (t) => {
  const [first, second] = [await startServer(t), await startServer(t)];
  const { report } = await run(await startTarget(t, [first, second]));
  assert.deepEqual([sentTo(first), sentTo(second), second.connections], [1, 0, 0]);
  assert.deepEqual(
    report?.notes.filter((note) => note.startsWith('The credentials')),
    [
      `The credentials for web went to ${first.origin}, the first authorization server that the target lists; set auth.issuer in the plan to allow no other.`,
    ],
  );
});

it('sends a client secret to no other authorization server when the first is down', async (t) => {
  const [first, second] = [await startServer(t, false), await startServer(t)];
  const { said } = await run(await startTarget(t, [first, second]));
  assert.match(said, /AUTH_TOKEN .*answered HTTP 404.*The target also lists .* set auth\.issuer in the plan/);
  assert.deepEqual([sentTo(first), sentTo(second), second.connections], [0, 0, 0]);
});

it('sends a client secret to the issuer that the plan names, and to no other', async (t) => {
  const [first, second] = [await startServer(t), await startServer(t)];
  const { report } = await run(await startTarget(t, [first, second]), { issuer: second.origin });
  assert.deepEqual([sentTo(first), first.connections, sentTo(second)], [0, 0, 1]);
  assert.ok(!report?.notes.some((note) => note.startsWith('The credentials')));
  const elsewhere = await run(await startTarget(t, [first]), { issuer: second.origin });
  assert.match(elsewhere.said, /AUTH_TOKEN .*lists .*, not auth\.issuer, which is http/);
  assert.deepEqual([sentTo(first), sentTo(second)], [0, 1]);
});

it('sends a client secret to no authorization server that the operator does not list for it', async (t) => {
  const first = await startServer(t);
  const target = await startTarget(t, [first]);
  const { said } = await run(target, {}, { mine: ['https://as.example'] });
  assert.match(said, /AUTH_TOKEN .*the secret "mine" may go to https:\/\/as\.example, not to http/);
  assert.equal(sentTo(first), 0);
  assert.equal((await run(target, {}, { mine: [first.origin] })).said, '');
  assert.equal(sentTo(first), 1);
});
