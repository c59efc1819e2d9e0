import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { PING } from '../../../src/mcp/operations/call.ts';
import { version } from '../../../src/run/run-context.ts';
import type { Answer } from '../../support/mcp-server.ts';
import { httpReply } from '../../support/raw-http.ts';
import { CALLER, startSession } from '../../support/session-rig.ts';

const INITIALIZED = {
  protocolVersion: '2025-06-18',
  capabilities: { tools: {} },
  serverInfo: { name: 'scripted', version: '2' },
};
const usual: Record<string, Answer> = {
  initialize: () => INITIALIZED,
  'tools/list': () => ({ tools: [] }),
  ping: () => ({}),
};

/** A rig whose server keeps sessions. */
const open = (t: TestContext, answers: Record<string, Answer> = {}) =>
  startSession(t, { ...usual, ...answers }, { target: { headers: { 'X-Own': 'yes' } } });

it('LegacySession sends the headers and bodies that the protocol demands', async (t) => {
  const rig = await open(t);
  const session = rig.legacy();
  await session.open(CALLER);
  await session.request(PING, CALLER);
  await session.close(CALLER);
  await rig.close();
  const [initialize, initialized, list, pinged, deleted] = rig.server.requests;
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
  for (const { head } of rig.server.requests)
    assert.match(head, /\r\nuser-agent: mcp-surge\/[.\d]+ \(load\)\r\nx-own: yes\r\n/);
  for (const { head } of rig.server.requests.slice(0, -1)) {
    assert.match(head, /^POST /);
    assert.match(head, /\r\naccept: application\/json, text\/event-stream(\r\n|$)/);
    assert.match(head, /\r\ncontent-type: application\/json\r\n/);
  }
  for (const { head } of rig.server.requests.slice(1))
    assert.match(head, /\r\nmcp-protocol-version: 2025-06-18\r\nmcp-session-id: a-Session(\r\n|$)/);
  assert.match(deleted?.head ?? '', /^DELETE /);
  assert.doesNotMatch(deleted?.head ?? '', /content-/);
});

it('LegacySession refuses a revision that it does not speak', async (t) => {
  const rig = await open(t, { initialize: () => ({ protocolVersion: '2024-10-07', capabilities: {} }) });
  const session = rig.legacy();
  assert.ok('failed' in (await session.open(CALLER)));
  assert.equal(session.alive, false);
  await rig.close();
  assert.deepEqual(rig.samples(), ['initialize PROTO_VERSION']);
  assert.match(rig.exchanges[0]?.message ?? '', /2024-10-07; this client speaks 2025-11-25, 2025-06-18, 2025-03-26/);
});

it('LegacySession refuses answers of a wrong shape to initialize and tools/list', async (t) => {
  const odd = await open(t, { initialize: () => ({ version: 1 }) });
  assert.ok('failed' in (await odd.legacy().open(CALLER)));
  await odd.close();
  assert.deepEqual(odd.samples(), ['initialize PROTO_SHAPE']);

  const rig = await open(t, { 'tools/list': () => ({ tools: [{ title: 'no name' }] }) });
  assert.ok('failed' in (await rig.legacy().open(CALLER)));
  await rig.close();
  assert.deepEqual(rig.samples(), [
    'initialize OK',
    'notifications/initialized OK',
    'tools/list PROTO_SHAPE',
    'DELETE OK',
  ]);
  assert.match(rig.exchanges[2]?.message ?? '', /tools\[0\]\.name/);
});

it('LegacySession continues after an unusual acknowledgement, which it records', async (t) => {
  const rig = await open(t, { 'notifications/initialized': () => httpReply(204, [], '') });
  assert.ok('facts' in (await rig.legacy().open(CALLER)));
  await rig.close();
  assert.deepEqual(rig.samples(), ['initialize OK', 'notifications/initialized PROTO_NOTIF_ACK', 'tools/list OK']);
});

it('LegacySession reads the list of tools page by page, and does not open when a cursor repeats', async (t) => {
  const next: Record<string, string> = { '': 'a', a: 'b' };
  const rig = await open(t, {
    'tools/list': ({ params }) => {
      const cursor = String(params.cursor ?? '');
      return {
        tools: [{ name: `of-${cursor}`, annotations: { readOnlyHint: cursor === 'b' } }],
        nextCursor: next[cursor],
      };
    },
  });
  const opened = await rig.legacy().open(CALLER);
  await rig.close();
  assert.ok('facts' in opened);
  assert.deepEqual(
    opened.tools.map(({ name, readOnly }) => [name, readOnly]),
    [
      ['of-', false],
      ['of-a', false],
      ['of-b', true],
    ],
  );
  const endless = await open(t, { 'tools/list': () => ({ tools: [], nextCursor: 'a' }) });
  const failed = await endless.legacy().open(CALLER);
  await endless.close();
  assert.ok('failed' in failed);
  assert.equal(failed.failed.outcome, 'PROTO_LIST_ENDLESS');
  assert.deepEqual(endless.samples().slice(2), ['tools/list OK', 'tools/list PROTO_LIST_ENDLESS', 'DELETE OK']);
});

it('LegacySession sends no DELETE for a session that the server loses immediately', async (t) => {
  const rig = await open(t, { 'notifications/initialized': () => httpReply(404, [], 'Session not found') });
  assert.ok('failed' in (await rig.legacy().open(CALLER)));
  await rig.close();
  assert.deepEqual(rig.samples(), ['initialize OK', 'notifications/initialized SESS_EXPIRED']);
});

it('LegacySession is lost when the server says so in the body of a 400', async (t) => {
  const rig = await open(t, { ping: () => httpReply(400, [], 'Bad Request: No valid session ID provided') });
  const session = rig.legacy();
  await session.open(CALLER);
  assert.equal((await session.request(PING, CALLER)).outcome, 'SESS_LOST');
  assert.equal(session.alive, false);
  await rig.close();
});

it('LegacySession records a failed DELETE as a sample, not as an error', async (t) => {
  const rig = await open(t, { DELETE: () => httpReply(500, [], 'no') });
  const session = rig.legacy();
  await session.open(CALLER);
  await session.close(CALLER);
  await rig.close();
  assert.equal(rig.samples().at(-1), 'DELETE HTTP_500');
});

it('LegacySession goes on with other calls when a judge throws', async (t) => {
  const rig = await open(t);
  const session = rig.legacy();
  await session.open(CALLER);
  const warned = t.mock.method(console, 'error', () => {});
  const broken = () => {
    throw new TypeError('judge is broken');
  };
  assert.equal((await session.request({ ...PING, judge: broken }, CALLER)).outcome, 'REPLY_UNREADABLE');
  assert.equal((await session.request(PING, CALLER)).outcome, 'OK');
  assert.equal(warned.mock.callCount(), 1);
  await session.close(CALLER);
  await rig.close();
});
