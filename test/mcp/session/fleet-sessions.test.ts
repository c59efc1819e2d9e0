import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { type Fleet, startFleet } from '../../../fleet/fleet.ts';
import { fleetSecrets } from '../../../fleet/servers.ts';
import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import { CALLER, openSessionRig, toolCall } from '../../support/session-rig.ts';

let fleet: Fleet;
let nowMs = 0;

before(async () => {
  fleet = await startFleet({
    latencyScale: 0,
    searchCodeFailureRate: 0,
    tokenLifetimeSeconds: 1000,
    nowMs: () => nowMs,
  });
});

after(() => fleet.stop());

const adoAuth = () => ({
  type: 'client-credentials',
  tokenUrl: fleet.servers.ado.tokenUrl,
  clientId: fleetSecrets.adoClientId,
  clientSecret: 'ado',
});
const adoSecrets = { ado: fleetSecrets.adoClientSecret };
const search = toolCall('search_workitem', { searchText: 'timers' });

const servers = [
  { name: 'learn', session: 'stateful', sse: true, pages: 1, auth: () => ({ type: 'none' }) },
  { name: 'github', session: 'stateful', sse: true, pages: 2, auth: () => ({ type: 'bearer', secret: 'github' }) },
  {
    name: 'context7',
    session: 'stateless',
    sse: true,
    pages: 1,
    auth: () => ({ type: 'header', name: 'Context7-API-Key', secret: 'key' }),
  },
  { name: 'ado', session: 'stateless', sse: false, pages: 1, auth: adoAuth },
] as const;
const secrets = { github: fleetSecrets.githubToken, key: fleetSecrets.context7ApiKey, ...adoSecrets };

for (const { name, session: mode, sse, pages, auth } of servers) {
  it(`LegacySession opens, lists, calls and closes on ${name}, which is ${mode}`, async (t) => {
    const rig = await openSessionRig(t, { url: fleet.servers[name].url, auth: auth() }, { secrets });
    const session = rig.legacy();
    assert.equal(session.alive, false);
    const opened = await session.open(CALLER);
    assert.ok('facts' in opened);
    assert.deepEqual(opened.facts, {
      protocolVersion: '2025-11-25',
      server: `demo-${name} 1.0.0`,
      session: mode,
    });
    assert.equal(session.alive, true);
    const open = mode === 'stateful' ? 1 : 0;
    assert.equal((await fleet.stats())[name].sessions.open, open);
    const readOnly = opened.tools.find((tool) => tool.readOnly);
    assert.ok(readOnly !== undefined);
    assert.equal(new Set(opened.tools.map((tool) => tool.name)).size, opened.tools.length);

    // Without arguments a tool may fail, but it answers.
    const exchange = await session.request(toolCall(readOnly.name, {}), CALLER);
    assert.match(exchange.outcome, /^(OK|TOOL_ERROR|RPC_-32602)$/);
    assert.equal(exchange.sample.flags, sse ? SAMPLE_FLAG.sse : 0);
    await session.close(CALLER);
    await session.close(CALLER);
    await rig.close();
    assert.equal(session.alive, false);
    assert.equal((await fleet.stats())[name].sessions.open, 0);
    assert.deepEqual(rig.samples(), [
      'initialize OK',
      'notifications/initialized OK',
      ...Array.from({ length: pages }, () => 'tools/list OK'),
      `tools/call:${readOnly.name} ${exchange.outcome}`,
      ...(mode === 'stateful' ? ['DELETE OK'] : []),
    ]);
    assert.ok(rig.exchanges.every(({ sample: { vu, iteration } }) => vu === 3 && iteration === 7));
  });
}

it('LegacySession calls a tool', async (t) => {
  const rig = await openSessionRig(t, { url: fleet.servers.learn.url });
  const session = rig.legacy();
  await session.open(CALLER);
  const exchange = await session.request(toolCall('microsoft_docs_search', { query: 'timers' }), CALLER);
  assert.equal(exchange.outcome, 'OK', exchange.message);
  await session.close(CALLER);
  await rig.close();
});

it('LegacySession notices that its session has expired', async (t) => {
  const rig = await openSessionRig(t, { url: fleet.servers.learn.url });
  const session = rig.legacy();
  await session.open(CALLER);
  const [id] = rig.exchanges.flatMap(({ replyHeaders }) => replyHeaders['mcp-session-id'] ?? []);
  await fetch(fleet.servers.learn.url, { method: 'DELETE', headers: { 'mcp-session-id': String(id) } });
  const exchange = await session.request(toolCall('microsoft_docs_search', { query: 'timers' }), CALLER);
  assert.equal(exchange.outcome, 'SESS_EXPIRED');
  assert.equal(session.alive, false);
  await session.close(CALLER);
  await rig.close();
  assert.equal(rig.samples().at(-1), 'tools/call:microsoft_docs_search SESS_EXPIRED');
});

it('LegacySession reports AUTH_401 once for a wrong token, because there is no other token', async (t) => {
  const auth = { type: 'bearer', secret: 'github' };
  const rig = await openSessionRig(t, { url: fleet.servers.github.url, auth }, { secrets: { github: 'wrong-token' } });
  const session = rig.legacy();
  assert.ok('failed' in (await session.open(CALLER)));
  await session.close(CALLER);
  await rig.close();
  assert.deepEqual(rig.samples(), ['initialize AUTH_401']);
  assert.deepEqual(rig.issuedTokens, []);
});

it('LegacySession renews an expired token once, and records both requests', async (t) => {
  const rig = await openSessionRig(t, { url: fleet.servers.ado.url, auth: adoAuth() }, { secrets: adoSecrets });
  const session = rig.legacy();
  const opened = await session.open(CALLER);
  assert.ok('facts' in opened);
  const [oldToken] = rig.issuedTokens;
  nowMs += 1_000_001;
  const exchange = await session.request(search, CALLER);
  assert.equal(exchange.outcome, 'OK', exchange.message);
  await rig.close();
  assert.deepEqual(rig.samples().slice(-2), [
    'tools/call:search_workitem AUTH_401',
    'tools/call:search_workitem OK retry',
  ]);
  assert.deepEqual(
    rig.exchanges.slice(-2).map(({ request }) => request.id),
    [exchange.request.id, exchange.request.id],
  );
  assert.equal(rig.authorizer.tokens.fetched, 2);
  assert.equal(rig.authorizer.tokens.failed, 0);
  assert.equal(rig.issuedTokens.length, 2);
  assert.equal(rig.issuedTokens[0], oldToken);
});

it('LegacySession reports AUTH_TOKEN when the token endpoint is down, and counts the failed fetch once', async (t) => {
  const other = await startFleet({ latencyScale: 0 });
  await other.stop();
  const auth = { ...adoAuth(), tokenUrl: other.servers.ado.tokenUrl };
  const rig = await openSessionRig(t, { url: fleet.servers.ado.url, auth }, { secrets: adoSecrets });
  const session = rig.legacy();
  assert.ok('failed' in (await session.open(CALLER)));
  assert.ok('failed' in (await session.open(CALLER)));
  await rig.close();
  assert.deepEqual(rig.samples(), ['initialize AUTH_TOKEN', 'initialize AUTH_TOKEN']);
  const message = rig.exchanges[0]?.message ?? '';
  assert.ok(message.startsWith(`The token endpoint ${auth.tokenUrl} gave no usable answer: `), message);
  assert.match(message, /ECONNREFUSED/);
  assert.equal(rig.authorizer.tokens.fetched, 0);
  assert.equal(rig.authorizer.tokens.failed, 1, 'a dead endpoint must not get a request for each call');
});

it('LegacySession ends an open session when its token cannot be renewed, so that its virtual user pauses', async (t) => {
  const issuing = await startFleet({ latencyScale: 0 });
  t.after(() => issuing.stop());
  const auth = { ...adoAuth(), tokenUrl: issuing.servers.ado.tokenUrl };
  const rig = await openSessionRig(t, { url: issuing.servers.ado.url, auth }, { secrets: adoSecrets });
  const session = rig.legacy();
  assert.ok('facts' in (await session.open(CALLER)));
  await issuing.stop();
  rig.authorizer.rejected(await rig.authorizer.header());
  const exchange = await session.request(search, CALLER);
  assert.equal(exchange.outcome, 'AUTH_TOKEN');
  assert.equal(session.alive, false);
  await rig.close();
});
