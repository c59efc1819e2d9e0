import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { PING } from '../../../src/mcp/operations/call.ts';
import { version } from '../../../src/run/run-context.ts';
import { httpReply } from '../../support/raw-http.ts';
import { type RawRequest, type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';
import { caller, openSessionRig, type SessionRig } from './session-rig.ts';

type Rpc = { readonly id?: number; readonly method?: string; readonly params?: { readonly cursor?: string } };
/** What to answer: a result, or a whole reply. */
type Answer = (rpc: Rpc, request: RawRequest) => object | string;

const servers: ScriptedServer[] = [];
const SESSION_ID = 'a-Session';

/** A server that keeps sessions, but for what a test answers otherwise. */
async function open(
  answer: Partial<Record<string, Answer>> = {},
): Promise<{ server: ScriptedServer; rig: SessionRig }> {
  const usual: Record<string, Answer> = {
    initialize: () => ({
      protocolVersion: '2025-06-18',
      capabilities: { tools: {} },
      serverInfo: { name: 'scripted', version: '2' },
    }),
    'notifications/initialized': () => httpReply(202, [], ''),
    'tools/list': () => ({ tools: [] }),
    DELETE: () => httpReply(200, [], ''),
    ping: () => ({}),
  };
  const server = await startScriptedServer((socket, request) => {
    const rpc: Rpc = request.body === '' ? { method: 'DELETE' } : JSON.parse(request.body);
    const reply = (answer[rpc.method ?? ''] ?? usual[rpc.method ?? ''])?.(rpc, request) ?? {};
    const headers = ['content-type: application/json', `Mcp-Session-Id: ${SESSION_ID}`];
    const json = () => httpReply(200, headers, JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: reply }));
    socket.write(typeof reply === 'string' ? reply : json());
  });
  servers.push(server);
  return { server, rig: await openSessionRig({ url: server.origin, headers: { 'X-Own': 'yes' } }) };
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

describe('LegacySession', () => {
  it('sends the headers and bodies that the protocol asks for', async () => {
    const { server, rig } = await open();
    const session = rig.openSession();
    await session.open(caller);
    await session.request(PING, caller);
    await session.close(caller);
    await rig.connection.close();
    const [initialize, initialized, list, pinged, deleted] = server.requests;
    assert.deepEqual(JSON.parse(initialize?.body ?? ''), {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'mcp-surge', version } },
    });
    assert.deepEqual(JSON.parse(initialized?.body ?? ''), { jsonrpc: '2.0', method: 'notifications/initialized' });
    assert.deepEqual(JSON.parse(list?.body ?? ''), { jsonrpc: '2.0', id: 2, method: 'tools/list', params: {} });
    assert.equal(JSON.parse(pinged?.body ?? '').id, 3);
    assert.doesNotMatch(initialize?.head ?? '', /\nmcp-/i);
    for (const { head } of server.requests)
      assert.match(head, /\r\nuser-agent: mcp-surge\/[.\d]+ \(load\)\r\nx-own: yes\r\n/);
    for (const { head } of server.requests.slice(0, -1)) {
      assert.match(head, /^POST /);
      assert.match(head, /\r\naccept: application\/json, text\/event-stream(\r\n|$)/);
      assert.match(head, /\r\ncontent-type: application\/json\r\n/);
    }
    for (const { head } of server.requests.slice(1))
      assert.match(head, /\r\nmcp-protocol-version: 2025-06-18\r\nmcp-session-id: a-Session(\r\n|$)/);
    assert.match(deleted?.head ?? '', /^DELETE /);
    assert.doesNotMatch(deleted?.head ?? '', /content-/);
  });

  it('refuses a revision that it does not speak', async () => {
    const { rig } = await open({ initialize: () => ({ protocolVersion: '2024-11-05', capabilities: {} }) });
    const session = rig.openSession();
    assert.ok('failed' in (await session.open(caller)));
    assert.equal(session.alive, false);
    await rig.connection.close();
    assert.deepEqual(rig.samples(), ['initialize PROTO_VERSION']);
    assert.match(
      rig.exchanges[0]?.message ?? '',
      /2024-11-05 .*deprecated\); this client speaks 2025-11-25, 2025-06-18, 2025-03-26/,
    );
  });

  it('refuses an answer to initialize of another shape, and one to tools/list', async () => {
    const odd = await open({ initialize: () => ({ version: 1 }) });
    assert.ok('failed' in (await odd.rig.openSession().open(caller)));
    await odd.rig.connection.close();
    assert.deepEqual(odd.rig.samples(), ['initialize PROTO_SHAPE']);

    const { rig } = await open({ 'tools/list': () => ({ tools: [{ title: 'no name' }] }) });
    assert.ok('failed' in (await rig.openSession().open(caller)));
    await rig.connection.close();
    assert.deepEqual(rig.samples(), [
      'initialize OK',
      'notifications/initialized OK',
      'tools/list PROTO_SHAPE',
      'DELETE OK',
    ]);
    assert.match(rig.exchanges[2]?.message ?? '', /tools\[0\]\.name/);
  });

  it('goes on after an odd acknowledgement, which it notes', async () => {
    const { rig } = await open({ 'notifications/initialized': () => httpReply(204, [], '') });
    assert.ok('facts' in (await rig.openSession().open(caller)));
    await rig.connection.close();
    assert.deepEqual(rig.samples(), ['initialize OK', 'notifications/initialized PROTO_NOTIF_ACK', 'tools/list OK']);
  });

  it('reads the list of tools page by page, and stops when it goes in circles', async () => {
    const next: Record<string, string> = { '': 'a', a: 'b', b: 'a' };
    const { rig } = await open({
      'tools/list': ({ params }) => {
        const cursor = params?.cursor ?? '';
        return {
          tools: [{ name: `of-${cursor}`, annotations: { readOnlyHint: cursor === 'b' } }],
          nextCursor: next[cursor],
        };
      },
    });
    const opened = await rig.openSession().open(caller);
    await rig.connection.close();
    assert.ok('facts' in opened);
    assert.deepEqual(
      opened.tools.map(({ name, readOnly }) => [name, readOnly]),
      [
        ['of-', false],
        ['of-a', false],
        ['of-b', true],
      ],
    );
  });

  it('does not say goodbye to a session that the server has lost at once', async () => {
    const { rig } = await open({ 'notifications/initialized': () => httpReply(404, [], 'Session not found') });
    assert.ok('failed' in (await rig.openSession().open(caller)));
    await rig.connection.close();
    assert.deepEqual(rig.samples(), ['initialize OK', 'notifications/initialized SESS_EXPIRED']);
  });

  it('is lost when the server says so in words', async () => {
    const { rig } = await open({ ping: () => httpReply(400, [], 'Bad Request: No valid session ID provided') });
    const session = rig.openSession();
    await session.open(caller);
    assert.equal((await session.request(PING, caller)).outcome, 'SESS_LOST');
    assert.equal(session.alive, false);
    await rig.connection.close();
  });

  it('takes a failed DELETE as a sample, not as an error', async () => {
    const { rig } = await open({ DELETE: () => httpReply(500, [], 'no') });
    const session = rig.openSession();
    await session.open(caller);
    await session.close(caller);
    await rig.connection.close();
    assert.equal(rig.samples().at(-1), 'DELETE HTTP_500');
  });

  it('fails loudly when a judge of ours does', async () => {
    const { rig } = await open();
    const session = rig.openSession();
    await session.open(caller);
    const broken = () => {
      throw new TypeError('judge is broken');
    };
    assert.equal((await session.request({ ...PING, judge: broken }, caller)).outcome, 'CLIENT_ABORT');
    await assert.rejects(session.request(PING, caller), /judge is broken/);
    await assert.rejects(rig.connection.close(), /judge is broken/);
  });
});
