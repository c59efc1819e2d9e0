import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listItems } from '../../../src/mcp/operations/list-items.ts';
import { findRevision } from '../../../src/mcp/session/find-revision.ts';
import { listPages } from '../../../src/mcp/session/lists.ts';
import { type Answer, legacyServer, SESSION_ID } from '../../support/mcp-server.ts';
import { httpReply, openStream } from '../../support/raw-http.ts';
import { CALLER, type ScriptedRig, startSession, toolCall } from '../../support/session-rig.ts';

/** A JSON reply after a byte order mark. */
const marked = (message: object): string =>
  httpReply(
    200,
    ['content-type: application/json', `mcp-session-id: ${SESSION_ID}`],
    `\ufeff${JSON.stringify({ jsonrpc: '2.0', ...message })}`,
  );
const withMark = (method: string): Answer => {
  return (incoming) => marked({ id: incoming.id, result: legacyServer[method]?.(incoming) as object });
};

/** Faults of a server of the first era that clients overlook: a session opens, and a call is useful. */
const faults: readonly [name: string, answers: Readonly<Record<string, Answer>>][] = [
  [
    'answers initialize with 2024-11-05',
    { initialize: () => ({ protocolVersion: '2024-11-05', capabilities: { tools: {} } }) },
  ],
  [
    'sends JSON with a byte order mark',
    { initialize: withMark('initialize'), 'tools/list': withMark('tools/list'), 'tools/call': withMark('tools/call') },
  ],
  [
    'answers a notification with an event stream that it leaves open',
    { 'notifications/initialized': () => openStream() },
  ],
  ['answers a notification with 204', { 'notifications/initialized': () => httpReply(204, [], '') }],
  [
    'answers a notification with an error',
    { 'notifications/initialized': () => marked({ id: null, error: { code: -32600, message: 'no id' } }) },
  ],
  [
    'ends its list of tools with an empty cursor',
    { 'tools/list': () => ({ tools: [{ name: 'look' }], nextCursor: '' }) },
  ],
  [
    'sends an answer that nobody waits for before the right one',
    { 'tools/call': ({ id }) => eventsOf({ id: id + 100, result: {} }, { id, result: seen }) },
  ],
  [
    'sends its answer twice',
    { 'tools/call': ({ id }) => eventsOf({ id, result: seen }, { id, result: { isError: true, content: [] } }) },
  ],
  [
    'sends headers that nobody knows',
    {
      'tools/call': ({ id }) =>
        httpReply(
          200,
          ['content-type: application/json', 'x-odd: 1', 'mcp-session-id: another', 'mcp-protocol-version: 1'],
          JSON.stringify({ jsonrpc: '2.0', id, result: seen }),
        ),
    },
  ],
];
const seen = { content: [{ type: 'text', text: 'seen' }] };

function eventsOf(...messages: readonly object[]): string {
  const text = messages.map((message) => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`).join('');
  return httpReply(200, ['content-type: text/event-stream'], text);
}

async function callOnce(rig: ScriptedRig): Promise<void> {
  const session = rig.legacy();
  const opened = await session.open(CALLER);
  assert.ok('facts' in opened, 'failed' in opened ? `${opened.failed.outcome}: ${opened.failed.message}` : '');
  assert.deepEqual(
    opened.tools.map(({ name }) => name),
    ['look'],
  );
  const exchange = await session.request(toolCall('look'), CALLER);
  assert.equal(exchange.outcome, 'OK', exchange.message);
  await session.close(CALLER);
  await rig.close();
}

describe('a server of the first era that', { concurrency: 3 }, () => {
  for (const [name, answers] of faults) {
    it(`${name} can be called`, async (t) => callOnce(await startSession(t, answers)));
  }
});

it('a session of 2024-11-05 sends no header for its revision', async (t) => {
  const rig = await startSession(t, {
    initialize: () => ({ protocolVersion: '2024-11-05', capabilities: { tools: {} } }),
  });
  await callOnce(rig);
  const sent = rig.server.incoming.map(({ headers }) => headers['mcp-protocol-version']);
  assert.deepEqual(new Set(sent), new Set([undefined]));
  assert.equal(rig.server.of('tools/call')[0]?.headers['mcp-session-id'], SESSION_ID);
});

it('an empty cursor leads to a further page in the stateless era only', async (t) => {
  const pages: Answer = ({ params }) => ({
    tools: [{ name: 'look' }],
    ...(params.cursor === '' ? {} : { nextCursor: '' }),
  });
  const rig = await startSession(t, { 'tools/list': pages });
  await listPages(rig.modern(), listItems('tools'), CALLER, () => {});
  assert.deepEqual(
    rig.server.of('tools/list').map(({ params }) => params.cursor),
    [undefined, ''],
  );
});

it('server/discover without an answer is given up after the time that the caller has', async (t) => {
  const rig = await startSession(t, { 'server/discover': () => undefined });
  const found = await findRevision('auto', () => rig.modern().discover(CALLER, 50));
  assert.deepEqual(found, { era: 'legacy', message: 'server/discover ended in TMO_HEADERS (no answer within 50 ms)' });
});

it('findRevision has five seconds unless the plan pins the stateless revision', async (t) => {
  const asked: (number | undefined)[] = [];
  const rig = await startSession(t, {});
  for (const protocol of ['auto', '2026-07-28'] as const) {
    await findRevision(protocol, (patienceMs) => {
      asked.push(patienceMs);
      return rig.modern().discover(CALLER);
    });
  }
  assert.deepEqual(asked, [5000, undefined]);
});

for (const refusal of [
  httpReply(400, [], 'Bad Request: Server already initialized'),
  marked({ id: 1, error: { code: -32600, message: 'Invalid Request: Server already initialized' } }),
  httpReply(409, [], '{"error":{"message":"already been initialised"}}'),
]) {
  it(`initialize is SESS_REFUSED for ${refusal.split('\r\n\r\n')[1]}`, async (t) => {
    const rig = await startSession(t, { initialize: () => refusal });
    assert.ok('failed' in (await rig.legacy().open(CALLER)));
    await rig.close();
    assert.deepEqual(rig.samples(), ['initialize SESS_REFUSED']);
  });
}
