import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import { getPrompt } from '../../../src/mcp/operations/prompts-and-resources.ts';
import type { Answer, Incoming } from '../../support/mcp-server.ts';
import { jsonReply } from '../../support/raw-http.ts';
import { CALLER, startSession } from '../../support/session-rig.ts';

const target = { elicitation: 'defaults' } as const;
const look = callTool('look')('{"at":"the sky"}');
const seen = { content: [{ type: 'text', text: 'seen' }] };
const form = (value: string) => ({
  method: 'elicitation/create',
  params: {
    mode: 'form',
    requestedSchema: { type: 'object', properties: { name: { type: 'string', default: value } } },
  },
});
const asks = (inputRequests: object | undefined, requestState?: string) => ({
  resultType: 'input_required',
  ...(inputRequests === undefined ? {} : { inputRequests }),
  ...(requestState === undefined ? {} : { requestState }),
});
const given = (value: string) => ({ action: 'accept', content: { name: value } });
const withoutMeta = ({ params }: Incoming) => {
  const { _meta, ...rest } = params;
  return rest;
};

it('a call that needs input is sent again with the input, under a new id, until there is a result; each round is a sample', async (t) => {
  const rounds = [
    asks({ first: form('Ada'), other: form('Bob') }, 's1'),
    asks({ second: form('Eve') }),
    asks(undefined, 's3'),
    { resultType: 'complete', ...seen },
  ];
  const rig = await startSession(t, { 'tools/call': () => rounds.shift() }, { target });
  const exchange = await rig.modern().request(look, CALLER);
  assert.equal(exchange.outcome, 'OK', exchange.message);
  assert.deepEqual(exchange.result, { resultType: 'complete', ...seen });
  const calls = rig.server.of('tools/call');
  assert.equal(new Set(calls.map(({ id }) => id)).size, 4);
  const own = { name: 'look', arguments: { at: 'the sky' } };
  // The input of one round is not repeated in the next.
  assert.deepEqual(calls.map(withoutMeta), [
    own,
    { ...own, inputResponses: { first: given('Ada'), other: given('Bob') }, requestState: 's1' },
    { ...own, inputResponses: { second: given('Eve') } },
    { ...own, requestState: 's3' },
  ]);
  for (const { headers, params } of calls) {
    assert.equal(headers['mcp-name'], 'look');
    assert.ok(params._meta !== undefined);
  }
  assert.deepEqual(rig.samples(), Array(4).fill('tools/call:look OK'));
});

it('a call that needs input returns the state exactly as it came', async (t) => {
  let state = '';
  const answer: Answer = ({ params }) => ('requestState' in params ? seen : asks(undefined, state));
  const rig = await startSession(t, { 'tools/call': answer }, { target });
  const session = rig.modern();
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constant('\ud800"\\u0000\u2028')),
      async (text) => {
        state = text;
        const { outcome, message } = await session.request(look, CALLER);
        assert.equal(outcome, 'OK', message);
        assert.equal(rig.server.incoming.at(-1)?.params.requestState, text);
      },
    ),
    { numRuns: 60 },
  );
});

for (const [name, ask] of [
  ['input under new keys each time', (round: number) => asks({ [`key ${round}`]: form('Ada') })],
  ['only its state back', (round: number) => asks(undefined, `state ${round}`)],
] as const) {
  it(`a call that needs input fails when the server wants ${name} more than ten times`, async (t) => {
    let round = 0;
    const rig = await startSession(t, { 'tools/call': () => ask(round++) }, { target });
    const session = rig.modern();
    const exchange = await session.request(look, CALLER);
    assert.equal(exchange.outcome, 'RPC_INPUT_REQUIRED');
    assert.match(exchange.message, /10 times/);
    assert.equal(round, 11);
    assert.deepEqual(rig.samples(), [...Array(10).fill('tools/call:look OK'), 'tools/call:look RPC_INPUT_REQUIRED']);
    assert.equal((await session.request(look, CALLER)).outcome, 'RPC_INPUT_REQUIRED', 'the next call fails alike');
    assert.equal(round, 22);
  });
}

const hopeless: readonly [name: string, result: object, changes: object][] = [
  ['the plan gives none', asks({ a: form('Ada') }), {}],
  ['a required field has no default and no requests come', asks(undefined), { target }],
  ['it wants a model', asks({ a: { method: 'sampling/createMessage', params: {} } }), { target }],
  ['its state is not a string', { ...asks({ a: form('Ada') }), requestState: 7 }, { target }],
];
for (const [name, result, changes] of hopeless) {
  it(`a call that needs input fails immediately when ${name}`, async (t) => {
    const rig = await startSession(t, { 'tools/call': () => result }, changes);
    assert.equal((await rig.modern().request(look, CALLER)).outcome, 'RPC_INPUT_REQUIRED');
    assert.equal(rig.server.of('tools/call').length, 1);
  });
}

it('a call that needs input can be of any method, and can have an id that comes back as a string', async (t) => {
  const answer: Answer = ({ id, params }) => {
    const messages = [{ role: 'user', content: { type: 'text', text: 'x' } }];
    const result = 'inputResponses' in params ? { messages } : asks({ a: form('Ada') });
    return jsonReply({ jsonrpc: '2.0', id: String(id), result });
  };
  const rig = await startSession(t, { 'prompts/get': answer }, { target });
  const exchange = await rig.modern().request(getPrompt('brief')('{}'), CALLER);
  assert.equal(exchange.outcome, 'PROTO_ID_TYPE');
  assert.deepEqual(rig.samples(), ['prompts/get:brief PROTO_ID_TYPE', 'prompts/get:brief PROTO_ID_TYPE']);
});

it('a call that needs input sends no further round when the load ends', async (t) => {
  const rig = await startSession(t, { 'tools/call': () => asks({ a: form('Ada') }) }, { target });
  const session = rig.modern();
  const call = session.request(look, CALLER);
  rig.ended.abort();
  assert.equal((await call).outcome, 'CLIENT_ABORT');
  assert.ok(rig.server.of('tools/call').length <= 1);
});
