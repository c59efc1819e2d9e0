import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { fixedAuthorizer } from '../../../src/mcp/auth/authorizer.ts';
import type { Call } from '../../../src/mcp/operations/call.ts';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import { completeArgument, getPrompt, readResource } from '../../../src/mcp/operations/prompts-and-resources.ts';
import { version } from '../../../src/run/run-context.ts';
import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import type { Answer, Incoming } from '../../support/mcp-server.ts';
import { httpReply } from '../../support/raw-http.ts';
import { CALLER, startSession } from '../../support/session-rig.ts';

const REVISION = '2026-07-28';
const NAMESPACE = 'io.modelcontextprotocol';
const seen = { content: [{ type: 'text', text: 'seen' }] };
const mirrored = (name: string, type: string) => ({ type, 'x-mcp-header': name });
const inputSchema = {
  type: 'object',
  properties: {
    region: mirrored('Region', 'string'),
    count: mirrored('X-Count', 'integer'),
    deep: { type: 'object', properties: { dry: mirrored('dry', 'boolean') } },
    own: { type: 'string' },
  },
};
const form = {
  mode: 'form',
  requestedSchema: { type: 'object', properties: { ok: { type: 'boolean', default: true } } },
};
const asksForInput = {
  resultType: 'input_required',
  inputRequests: { go: { method: 'elicitation/create', params: form } },
  requestState: 's',
};

/** A header's value as servers must read it ("Value Encoding"). */
function decoded(value: string | undefined): string | undefined {
  const wrapped = /^=\?base64\?(.*)\?=$/.exec(value ?? '');
  return wrapped === null ? value : Buffer.from(wrapped[1] as string, 'base64').toString('utf8');
}

/** The headers that must repeat values of the body. */
function mirroredIn({ method, params }: Incoming): Record<string, string | undefined> {
  if (method !== 'tools/call' || params.name !== 'look') return {};
  const { region, count, deep } = (params.arguments ?? {}) as Record<string, Record<string, unknown> | undefined>;
  const values = { region, 'x-count': count, dry: deep?.dry } as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      return value === undefined || value === null ? [] : [[`mcp-param-${name}`, String(value)]];
    }),
  );
}

/** Checks a request by all rules that a strict server enforces with -32020, -32602 or 415. */
function assertConsistent(incoming: Incoming): void {
  const { method, params, headers, rpc } = incoming;
  assert.equal(rpc.jsonrpc, '2.0');
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers['mcp-method'], method);
  assert.equal(decoded(headers['mcp-name']), params.name ?? params.uri ?? params.taskId, method);
  assert.equal(headers['mcp-protocol-version'], REVISION);
  assert.equal(headers['mcp-session-id'], undefined);
  const meta = params._meta as Record<string, unknown>;
  assert.equal(meta[`${NAMESPACE}/protocolVersion`], REVISION);
  assert.deepEqual(meta[`${NAMESPACE}/clientInfo`], { name: 'mcp-surge', version });
  assert.deepEqual(meta[`${NAMESPACE}/clientCapabilities`], {
    elicitation: { form: {} },
    extensions: { [`${NAMESPACE}/tasks`]: {} },
  });
  const custom = Object.entries(headers).filter(([name]) => name.startsWith('mcp-param-'));
  const found = Object.fromEntries(custom.map(([name, value]) => [name, decoded(value)]));
  assert.deepEqual(found, mirroredIn(incoming));
  for (const value of Object.values(headers)) assert.match(value, /^[ -~]*$/, 'visible ASCII only');
}

const target = { elicitation: 'defaults' } as const;
const listed: Answer = ({ params }) =>
  'cursor' in params
    ? { tools: [{ name: 'look', inputSchema }] }
    : { tools: [{ name: 'other' }], nextCursor: '', resultType: 'complete' };

it('a request of the stateless era has the same values in its headers and its body, whatever is sent', async (t) => {
  const rig = await startSession(t, { 'tools/list': listed, 'prompts/get': () => ({ messages: [] }) }, { target });
  const session = rig.modern();
  await session.open(CALLER);
  // Lone surrogates cannot be in UTF-8, so no server could compare them.
  const text = fc.oneof(
    fc.constantFrom(
      '',
      ' ',
      ' a',
      'a\t',
      'a\r\nMcp-Method: x',
      '=?base64?YQ==?=',
      '=?BASE64?YQ==?=',
      '\u007f',
      '\u00fc',
    ),
    fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed()),
  );
  const args = fc.record(
    {
      region: fc.oneof(text, fc.constant(null)),
      count: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, null)),
      deep: fc.oneof(fc.record({ dry: fc.boolean() }), fc.constant(null)),
      own: text,
    },
    { requiredKeys: [] },
  );
  const calls = fc.oneof(
    args.map((value): Call => callTool('look')(JSON.stringify(value))),
    fc.tuple(text, args).map(([name, value]): Call => callTool(`x${name}`)(JSON.stringify(value))),
    text.map((name): Call => getPrompt(name)('{}')),
  );
  await fc.assert(
    fc.asyncProperty(calls, async (call) => {
      const { outcome, message } = await session.request(call, CALLER);
      assert.match(outcome, /^(OK|TOOL_EMPTY)$/, message);
      assertConsistent(rig.server.incoming.at(-1) as Incoming);
    }),
    { numRuns: 200 },
  );
});

it('a request of the stateless era has the same values for every method and every round of a call, and its own id', async (t) => {
  const calls: readonly Call[] = [
    callTool('look', undefined, true)('{"region":"Z\u00fcrich","count":3,"deep":{"dry":false}}'),
    getPrompt('brief')('{}'),
    readResource('notes')('"file:///n\u00f6tes.txt"'),
    completeArgument({ prompt: 'brief' }, 'language')('"p"'),
  ];
  const task = { resultType: 'task', taskId: 't \u00e4 1', status: 'working', pollIntervalMs: 20 };
  const states = [
    { resultType: 'complete', taskId: 't', status: 'input_required', inputRequests: asksForInput.inputRequests },
    { resultType: 'complete', taskId: 't', status: 'completed', result: seen },
  ];
  const answers: Record<string, Answer> = {
    'tools/list': listed,
    'tools/call': ({ params }) => ('requestState' in params ? task : asksForInput),
    'tasks/get': () => states.shift(),
    'tasks/update': () => ({ resultType: 'complete' }),
    'prompts/get': () => ({ messages: [{ role: 'user', content: { type: 'text', text: 'x' } }] }),
    'resources/read': ({ params }) => ({ contents: [{ uri: params.uri, text: 'x' }] }),
    'completion/complete': () => ({ completion: { values: [] } }),
  };
  const rig = await startSession(t, answers, { target });
  const session = rig.modern();
  await session.discover(CALLER);
  await session.open(CALLER);
  for (const call of calls) {
    const { outcome, message } = await session.request(call, CALLER);
    assert.equal(outcome, 'OK', message);
  }
  assert.deepEqual(rig.server.methods(), [
    'server/discover',
    'tools/list',
    'tools/list',
    'tools/call',
    'tools/call',
    'tasks/get',
    'tasks/update',
    'tasks/get',
    'prompts/get',
    'resources/read',
    'completion/complete',
  ]);
  for (const incoming of rig.server.incoming) assertConsistent(incoming);
  const ids = rig.server.incoming.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  // The call requests progress, and each of its rounds does so under its own token.
  const tokens = rig.server.incoming.map(({ id, params }) => {
    const { progressToken } = params._meta as { progressToken?: number };
    return progressToken === undefined ? 'none' : progressToken === id;
  });
  assert.deepEqual(
    tokens,
    rig.server.methods().map((method) => (method === 'tools/call' ? true : 'none')),
  );
});

it('a request of the stateless era is sent again with a new token, otherwise identical to the byte', async (t) => {
  const tokens = ['Bearer old', 'Bearer new'];
  let refusals = 0;
  const authorizer = {
    ...fixedAuthorizer(undefined),
    header: () => ({ name: 'authorization', value: tokens[refusals] as string }),
    rejected: () => ++refusals === 1,
  };
  const answers: Record<string, Answer> = {
    'tools/list': listed,
    'tools/call': ({ headers }) => (headers.authorization === 'Bearer old' ? httpReply(401, [], 'stale') : seen),
  };
  const rig = await startSession(t, answers, { authorizer, target });
  const session = rig.modern();
  await session.open(CALLER);
  const exchange = await session.request(callTool('look')('{"region":" eu ","count":9007199254740991}'), CALLER);
  assert.equal(exchange.outcome, 'OK', exchange.message);
  assert.ok(exchange.sample.flags & SAMPLE_FLAG.retry);
  const [first, second] = rig.server.requests.slice(-2);
  assert.equal(second?.head, first?.head.replace('Bearer old', 'Bearer new'));
  assert.equal(second?.body, first?.body);
  assertConsistent(rig.server.incoming.at(-1) as Incoming);
});

it('a request of the stateless era mirrors arguments by the latest description of the tool', async (t) => {
  let header = 'Before';
  const list: Answer = () => ({
    tools: [{ name: 'look', inputSchema: { type: 'object', properties: { at: mirrored(header, 'string') } } }],
  });
  const rig = await startSession(t, { 'tools/list': list });
  for (const name of ['Before', 'After']) {
    header = name;
    const session = rig.modern();
    await session.open(CALLER);
    await session.request(callTool('look')('{"at":"x"}'), CALLER);
  }
  const headers = rig.server.of('tools/call').map((incoming) => incoming.headers);
  assert.deepEqual(
    headers.map((each) => [each['mcp-param-before'], each['mcp-param-after']]),
    [
      ['x', undefined],
      [undefined, 'x'],
    ],
  );
});
