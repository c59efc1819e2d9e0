import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Call } from '../../../src/mcp/operations/call.ts';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import { completeArgument, getPrompt, readResource } from '../../../src/mcp/operations/prompts-and-resources.ts';
import { version } from '../../../src/run/run-context.ts';
import type { Answer } from '../../support/mcp-server.ts';
import { eventOf, eventStream, httpReply, openStream } from '../../support/raw-http.ts';
import { CALLER, startSession, until } from '../../support/session-rig.ts';

const REVISION = '2026-07-28';
const look = callTool('look')('{}');
const NAMESPACE = 'io.modelcontextprotocol';

/** Each kind of call, and the headers that it must have. */
const calls: readonly { readonly call: Call; readonly method: string; readonly name?: string }[] = [
  { call: look, method: 'tools/call', name: 'look' },
  {
    call: callTool('caf\u00e9 \u2615')('{}'),
    method: 'tools/call',
    name: `=?base64?${Buffer.from('caf\u00e9 \u2615').toString('base64')}?=`,
  },
  { call: callTool(' padded')('{}'), method: 'tools/call', name: '=?base64?IHBhZGRlZA==?=' },
  { call: callTool('=?base64?eA==?=')('{}'), method: 'tools/call', name: '=?base64?PT9iYXNlNjQ/ZUE9PT89?=' },
  { call: getPrompt('brief')('{}'), method: 'prompts/get', name: 'brief' },
  { call: readResource('notes')('"file:///notes.txt"'), method: 'resources/read', name: 'file:///notes.txt' },
  { call: completeArgument({ prompt: 'brief' }, 'language')('"p"'), method: 'completion/complete' },
];
const answers: Record<string, Answer> = {
  'prompts/get': () => ({ messages: [{ role: 'user', content: { type: 'text', text: 'x' } }] }),
  'resources/read': ({ params }) => ({ contents: [{ uri: params.uri, text: 'x' }] }),
  'completion/complete': () => ({ completion: { values: [] } }),
};

it('ModernSession repeats in the headers what _meta tells the server about each request', async (t) => {
  const rig = await startSession(t, answers);
  const session = rig.modern();
  const opened = await session.open(CALLER);
  assert.ok('facts' in opened);
  assert.deepEqual(opened.facts, { protocolVersion: REVISION, server: '', session: 'stateless' });
  for (const { call } of calls) {
    const { outcome, message } = await session.request(call, CALLER);
    assert.equal(outcome, 'OK', `${call.operation}: ${message}`);
  }
  await session.close();
  assert.equal(session.alive, false);
  const [list, ...sent] = rig.server.incoming;
  assert.equal(list?.headers['mcp-method'], 'tools/list');
  assert.equal(list?.headers['mcp-name'], undefined);
  for (const [index, { method, name }] of calls.entries()) {
    assert.equal(sent[index]?.headers['mcp-method'], method);
    assert.equal(sent[index]?.headers['mcp-name'], name);
  }
  for (const { headers, params, rpc } of rig.server.incoming) {
    assert.equal(headers.accept, 'application/json, text/event-stream');
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['mcp-session-id'], undefined, 'although the server sends one');
    assert.equal(headers['mcp-protocol-version'], REVISION);
    assert.deepEqual(params._meta, {
      [`${NAMESPACE}/protocolVersion`]: REVISION,
      [`${NAMESPACE}/clientInfo`]: { name: 'mcp-surge', version },
      [`${NAMESPACE}/clientCapabilities`]: { extensions: { [`${NAMESPACE}/tasks`]: {} } },
    });
    assert.equal(rpc.jsonrpc, '2.0');
  }
  const ids = rig.server.incoming.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(rig.server.of('DELETE').length, 0);
});

it('ModernSession declares that it fills in forms when the plan says so', async (t) => {
  const rig = await startSession(t, {}, { target: { elicitation: 'defaults' } });
  await rig.modern().open(CALLER);
  const meta = rig.server.incoming[0]?.params._meta as Record<string, Record<string, unknown>>;
  assert.deepEqual(meta[`${NAMESPACE}/clientCapabilities`]?.elicitation, { form: {} });
});

it('ModernSession mirrors arguments in headers as the tool annotates them, without those that are null or absent', async (t) => {
  const inputSchema = {
    type: 'object',
    properties: {
      region: { type: 'string', 'x-mcp-header': 'Region' },
      depth: { type: 'integer', 'x-mcp-header': 'Depth' },
      deep: { type: 'object', properties: { dry: { type: 'boolean', 'x-mcp-header': 'Dry' } } },
      other: { type: 'string' },
    },
  };
  const rig = await startSession(t, { 'tools/list': () => ({ tools: [{ name: 'look', inputSchema }] }) });
  const session = rig.modern();
  await session.open(CALLER);
  await session.request(callTool('look')('{"region":"Z\u00fcrich","depth":3,"deep":{"dry":true},"other":"x"}'), CALLER);
  await session.request(callTool('look')('{"region":null,"deep":{}}'), CALLER);
  await session.request(callTool('unlisted')('{"region":"x"}'), CALLER);
  const mirrored = rig.server
    .of('tools/call')
    .map(({ headers }) => Object.entries(headers).filter(([name]) => name.startsWith('mcp-param-')));
  assert.deepEqual(mirrored, [
    [
      ['mcp-param-region', `=?base64?${Buffer.from('Z\u00fcrich').toString('base64')}?=`],
      ['mcp-param-depth', '3'],
      ['mcp-param-dry', 'true'],
    ],
    [],
    [],
  ]);
});

it('ModernSession requests progress under a new token for each request, and only when the step does', async (t) => {
  const rig = await startSession(t, {});
  const session = rig.modern();
  const progressing = callTool('look', undefined, true)('{}');
  for (const call of [progressing, progressing, look]) await session.request(call, CALLER);
  const tokens = rig.server.of('tools/call').map(({ id, params }) => {
    const { progressToken } = params._meta as { progressToken?: number };
    return progressToken === undefined ? 'none' : progressToken === id;
  });
  assert.deepEqual(tokens, [true, true, 'none']);
});

it('ModernSession lists no tools when the server declares no tools', async (t) => {
  const rig = await startSession(t, {});
  const discovery = { server: 'bare 1', capabilities: ['prompts'] };
  const opened = await rig.modern(discovery).open(CALLER);
  assert.ok('facts' in opened);
  assert.deepEqual([opened.facts.server, opened.capabilities, opened.tools], ['bare 1', ['prompts'], []]);
  assert.deepEqual(rig.server.methods(), []);
});

it('ModernSession is not open when the tools cannot be listed, and can be opened again', async (t) => {
  let isUp = false;
  const list: Answer = () => (isUp ? { tools: [] } : httpReply(503, [], 'warming up'));
  const rig = await startSession(t, { 'tools/list': list });
  const session = rig.modern();
  const opened = await session.open(CALLER);
  assert.ok('failed' in opened && opened.failed.outcome === 'HTTP_503');
  assert.equal(session.alive, false);
  isUp = true;
  assert.ok('facts' in (await session.open(CALLER)));
  assert.equal(session.alive, true);
});

it('ModernSession does not resume a broken stream', async (t) => {
  const rig = await startSession(t, { 'tools/call': () => eventStream('id: 1\nretry: 20\ndata:\n\n') });
  const { outcome } = await rig.modern().request(look, CALLER);
  assert.equal(outcome, 'PROTO_NO_REPLY');
  assert.equal(rig.server.of('GET').length, 0);
});

it('ModernSession answers no server requests, and cancels a call by closing its connection', async (t) => {
  const rig = await startSession(
    t,
    { 'tools/call': () => openStream(eventOf({ jsonrpc: '2.0', id: 1, method: 'ping' })) },
    { target: { timeouts: { idle: '300ms' } } },
  );
  const session = rig.modern();
  const exchange = await session.request(look, CALLER);
  assert.equal(exchange.outcome, 'TMO_IDLE');
  await session.close();
  await rig.close();
  assert.deepEqual(rig.server.methods(), ['tools/call']);
});

it('ModernSession sends no further call when the load has ended', async (t) => {
  const rig = await startSession(t, { 'tools/call': () => undefined });
  const session = rig.modern();
  await session.open(CALLER);
  const call = session.request(look, CALLER);
  await until(() => rig.server.of('tools/call').length === 1);
  rig.ended.abort();
  const late = await session.request(look, CALLER);
  assert.deepEqual(
    [late.outcome, late.message, late.sample.socketMs],
    ['CLIENT_ABORT', 'the load has ended', undefined],
  );
  rig.connection.abortAll('over', 'CLIENT_ABORT');
  assert.equal((await call).outcome, 'CLIENT_ABORT');
  assert.equal(rig.server.of('tools/call').length, 1);
});
