import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { StatefulEndpoint } from '../../fleet/endpoints.ts';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { legacyServerFactory } from '../../fleet/legacy-server.ts';
import { ServerStats } from '../../fleet/server-stats.ts';
import { callTool, connectClient, fetchToken, initialize, openSession, postMcp, serverFor } from './fleet-fixture.ts';

let fleet: Fleet;

before(async () => {
  fleet = await startFleet({ latencyScale: 0 });
});

after(() => fleet.stop());

describe('a server with sessions', () => {
  it('keeps a session, replies in event streams, and ends the session on DELETE', async () => {
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

  it('refuses other requests before initialize', async () => {
    const answer = await postMcp(fleet.servers.learn.url, { jsonrpc: '2.0', id: 1, method: 'tools/list' });
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /send initialize first/);
  });

  it("ends the session of the SDK's client when the client terminates it", async (t) => {
    const { url } = fleet.servers.learn;
    const { open } = (await fleet.stats()).learn.sessions;
    const { client, transport } = await connectClient(url);
    t.after(() => client.close());
    assert.equal((await fleet.stats()).learn.sessions.open, open + 1);
    await transport.terminateSession();
    assert.equal((await fleet.stats()).learn.sessions.open, open);
  });

  it('ends a session after ten minutes without a request, and keeps one that is in use', async (t) => {
    let nowMs = 0;
    const stats = new ServerStats('test');
    const createServer = legacyServerFactory('test', [], async () => ({ content: [] }));
    const endpoint = new StatefulEndpoint(createServer, stats, () => nowMs);
    const { url, stop } = await serverFor(t, { endpoint, stats, toolNames: new Set() });
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
    await stop();
    assert.equal(stats.snapshot().sessions.open, 0);
  });
});

describe('a server without sessions', () => {
  it('issues no session id, and refuses GET and DELETE on context7', async () => {
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

  it('serves the revision without initialize on context7', async () => {
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

  it('issues no session id, replies in JSON, and refuses GET and DELETE on ado', async () => {
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
});
