import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { StatefulEndpoint } from '../../fleet/endpoints.ts';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { legacyServerFactory } from '../../fleet/legacy-server.ts';
import { startReferenceServer } from '../../fleet/reference-server.ts';
import { ServerStats } from '../../fleet/server-stats.ts';
import { callTool, connectClient, fetchToken, initialize, postMcp } from './fleet-clients.ts';

let fleet: Fleet;

before(async () => {
  fleet = await startFleet({ latencyScale: 0 });
});

after(() => fleet.stop());

async function openSession(url: string): Promise<{ 'mcp-session-id': string }> {
  const answer = await postMcp(url, initialize);
  await answer.text();
  return { 'mcp-session-id': answer.headers.get('mcp-session-id') ?? assert.fail('no session id') };
}

test('learn keeps sessions, replies in event streams, and frees a session on DELETE', async () => {
  const { url } = fleet.servers.learn;
  const session = await openSession(url);
  assert.equal((await fleet.stats()).learn.sessions.open, 1);

  const acknowledged = await postMcp(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, session);
  assert.equal(acknowledged.status, 202);
  const reply = await postMcp(url, callTool('microsoft_docs_search', { query: 'timers' }), session);
  assert.equal(reply.headers.get('content-type'), 'text/event-stream');
  assert.match(await reply.text(), /^event: message\ndata: \{.*"id":2\}\n\n$/);

  assert.equal((await fetch(url, { method: 'DELETE', headers: session })).status, 200);
  assert.deepEqual((await fleet.stats()).learn.sessions, { opened: 1, closed: 1, open: 0 });
  const late = await postMcp(url, callTool('microsoft_docs_search', { query: 'timers' }), session);
  assert.equal(late.status, 404);
  assert.match(await late.text(), /Session not found/);
  assert.equal((await fetch(url, { method: 'DELETE', headers: session })).status, 404);
});

test('a stateful server wants initialize before anything else', async () => {
  const answer = await postMcp(fleet.servers.learn.url, { jsonrpc: '2.0', id: 1, method: 'tools/list' });
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /send initialize first/);
});

test("the SDK's client ends its session", async () => {
  const { url } = fleet.servers.learn;
  const { open } = (await fleet.stats()).learn.sessions;
  const { client, transport } = await connectClient(url);
  assert.equal((await fleet.stats()).learn.sessions.open, open + 1);
  await transport.terminateSession();
  assert.equal((await fleet.stats()).learn.sessions.open, open);
  await client.close();
});

test('context7 keeps no sessions and refuses GET and DELETE', async () => {
  const { url } = fleet.servers.context7;
  const opened = await postMcp(url, initialize);
  assert.equal(opened.headers.get('mcp-session-id'), null);
  await opened.body?.cancel();
  const call = await postMcp(url, callTool('query-docs', { libraryId: '/a/b', query: 'timers' }));
  assert.match(await call.text(), /### timers/);
  for (const method of ['GET', 'DELETE']) {
    const answer = await fetch(url, { method, headers: { accept: 'text/event-stream' } });
    assert.equal(answer.status, 405, method);
    await answer.body?.cancel();
  }
});

test('context7 speaks the revision without initialize too', async () => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1.0.0' },
  };
  const post = async (method: string, params: object, headers: Record<string, string> = {}) => {
    const message = { jsonrpc: '2.0', id: 5, method, params: { ...params, _meta } };
    const answer = await postMcp(fleet.servers.context7.url, message, {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...headers,
    });
    assert.equal(answer.headers.get('content-type'), 'application/json');
    return (await answer.json()) as { id: number; result: Record<string, unknown> };
  };
  const discovered = await post('server/discover', {});
  assert.deepEqual(discovered.result.supportedVersions, ['2026-07-28']);
  const call = { name: 'query-docs', arguments: { libraryId: '/a/b', query: 'timers' } };
  const called = await post('tools/call', call, { 'mcp-name': 'query-docs' });
  assert.equal(called.id, 5);
  assert.match(JSON.stringify(called.result.content), /### timers/);
  const { operations } = (await fleet.stats()).context7;
  assert.equal(operations['server/discover']?.count, 1);
});

test('ado keeps no sessions, replies in JSON and refuses GET and DELETE', async () => {
  const { url, tokenUrl } = fleet.servers.ado;
  const bearer = await fetchToken(tokenUrl!);
  const opened = await postMcp(url, initialize, bearer);
  assert.equal(opened.headers.get('mcp-session-id'), null);
  assert.equal(opened.headers.get('content-type'), 'application/json');
  assert.equal(((await opened.json()) as { id: number }).id, 1);
  for (const method of ['GET', 'DELETE']) {
    const answer = await fetch(url, { method, headers: bearer });
    assert.equal(answer.status, 405, method);
    assert.equal(answer.headers.get('allow'), 'POST');
    await answer.body?.cancel();
  }
});

test('a session that has been idle for ten minutes is ended, a used one is not', async () => {
  let nowMs = 0;
  const stats = new ServerStats('idle');
  const createServer = legacyServerFactory('idle', [], async () => ({ content: [] }));
  const endpoint = new StatefulEndpoint(createServer, stats, () => nowMs);
  const server = await startReferenceServer({
    name: 'idle',
    port: 0,
    endpoint,
    stats,
    admission: () => null,
    latencyMs: () => 0,
    toolNames: new Set(),
  });
  try {
    const url = `${server.origin}/mcp`;
    const idle = await openSession(url);
    const used = await openSession(url);
    const ping = { jsonrpc: '2.0', id: 3, method: 'ping' };
    nowMs = 9 * 60_000;
    assert.equal((await postMcp(url, ping, used)).status, 200);
    nowMs = 10 * 60_000 + 1;
    await endpoint.endIdleSessions();
    assert.deepEqual(stats.snapshot().sessions, { opened: 2, closed: 1, open: 1 });
    assert.equal((await postMcp(url, ping, idle)).status, 404);
    assert.equal((await postMcp(url, ping, used)).status, 200);
  } finally {
    await server.stop();
    await endpoint.close();
  }
  assert.equal(stats.snapshot().sessions.open, 0);
});
