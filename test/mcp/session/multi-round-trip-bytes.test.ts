import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import { type Answer, jsonResult } from '../../support/mcp-server.ts';
import { httpReply, jsonReply } from '../../support/raw-http.ts';
import { CALLER, type ScriptedRig, startSession, toolCall } from '../../support/session-rig.ts';

const target = { elicitation: 'defaults' } as const;
const look = callTool('look')('{}');
const seen = { content: [{ type: 'text', text: 'seen' }] };
const asks = (requestState: string) => ({ resultType: 'input_required', requestState });
const form = { method: 'elicitation/create', params: { requestedSchema: { type: 'object', properties: {} } } };

/** A reply with this exact JSON text, which is not serialised again. */
const rawResult = (id: number, result: string): string =>
  httpReply(200, ['content-type: application/json'], `{"jsonrpc":"2.0","id":${id},"result":${result}}`);
/** The bodies of tools/call, as text. */
const bodiesOf = ({ server }: ScriptedRig) =>
  server.requests
    .map(({ body }) => Buffer.from(body, 'latin1').toString('utf8'))
    .filter((body) => body.includes('look'));

/** States that are JSON themselves, as those of many servers are. None must be parsed and serialised again. */
const states: readonly string[] = [
  '{"b":1,"a":2,"10":3,"9":4}',
  '{"n":12345678901234567890,"f":1.0,"e":1E+2,"z":-0,"huge":1e400,"tiny":1e-400}',
  '{ "spaced" : [ 1 ,2,\n\t3 ] , "twice":1, "twice":2 }',
  '{"escaped":"caf\\u00e9 \\/ \\ud83d\\ude00 \\u0000","plain":"caf\u00e9 / \ud83d\ude00"}',
  '{"deep":{"er":[{"__proto__":{"x":null}},[[[]]]]},"constructor":{"prototype":{}}}',
  '"a text"',
  'eyJhbGciOiJub25lIn0.e30.',
  'dG8vYmUrPT0=',
  '\\u0041 is no A \\" \\\\',
  ' \u2028\u2029\ufeff\u0000\u007f ',
  '\ud800 alone \udc00',
  'x'.repeat(100_000),
];

describe('the state of a result that asks for input', () => {
  for (const state of states) {
    const shown = JSON.stringify(state.slice(0, 60));
    it(`is returned unchanged: ${shown}`, async (t) => {
      const answer: Answer = ({ params }) => ('requestState' in params ? seen : asks(state));
      const rig = await startSession(t, { 'tools/call': answer }, { target });
      const { outcome, message } = await rig.modern().request(look, CALLER);
      assert.equal(outcome, 'OK', message);
      assert.equal(rig.server.incoming.at(-1)?.params.requestState, state);
    });
  }

  it('is returned however the server has escaped it in its JSON', async (t) => {
    // Each character is literal or escaped.
    const written = fc.array(
      fc.oneof(
        fc.nat(0xffff).map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`),
        fc.nat(0xffff).map((unit) => `\\u${unit.toString(16).toUpperCase().padStart(4, '0')}`),
        fc.constantFrom(
          '\\/',
          '/',
          '\\b',
          '\\f',
          '\\n',
          '\\r',
          '\\t',
          '\\"',
          '\\\\',
          '\u00e9',
          '\u2028',
          '\ud83d\ude00',
        ),
      ),
    );
    let text = '';
    const answer: Answer = ({ id, params }) =>
      'requestState' in params ? seen : rawResult(id, `{"resultType":"input_required","requestState":"${text}"}`);
    const rig = await startSession(t, { 'tools/call': answer }, { target });
    const session = rig.modern();
    await fc.assert(
      fc.asyncProperty(written, async (parts) => {
        text = parts.join('');
        const { outcome, message } = await session.request(look, CALLER);
        assert.equal(outcome, 'OK', message);
        assert.equal(rig.server.incoming.at(-1)?.params.requestState, JSON.parse(`"${text}"`));
      }),
      { numRuns: 60 },
    );
  });

  it('is returned when it is empty, but not when it is null or absent', async (t) => {
    const rounds = ['"requestState":""', '"requestState":null', '"x":1'];
    const answer: Answer = ({ id }) => {
      const member = rounds.shift();
      const input = `"resultType":"input_required","inputRequests":{"a":${JSON.stringify(form)}}`;
      return member === undefined ? seen : rawResult(id, `{${input},${member}}`);
    };
    const rig = await startSession(t, { 'tools/call': answer }, { target });
    assert.equal((await rig.modern().request(look, CALLER)).outcome, 'OK');
    assert.deepEqual(
      rig.server.incoming.map(({ params }) => params.requestState),
      [undefined, '', undefined, undefined],
    );
    assert.deepEqual(
      rig.server.incoming.map(({ params }) => 'requestState' in params),
      [false, true, false, false],
    );
  });

  it('is not returned when it is not a string', async (t) => {
    for (const state of ['{"a":1}', '7', 'true', '["s"]']) {
      const answer: Answer = ({ id }) => rawResult(id, `{"resultType":"input_required","requestState":${state}}`);
      const rig = await startSession(t, { 'tools/call': answer }, { target });
      assert.equal((await rig.modern().request(look, CALLER)).outcome, 'RPC_INPUT_REQUIRED', state);
      assert.equal(rig.server.incoming.length, 1);
    }
  });
});

describe('a request that is sent again with input', () => {
  it('has identical arguments, to the byte; only id, input and state differ', async (t) => {
    const args = '{ "n":12345678901234567890, "f":1.0,"b":{"z":1,"a":[ ]},"s":"caf\\u00e9 \u2615\\/", "10":1,"9":2 }';
    const rounds = [asks('one'), { ...asks('two'), inputRequests: { a: form } }];
    const rig = await startSession(t, { 'tools/call': () => rounds.shift() ?? seen }, { target });
    assert.equal((await rig.modern().request(callTool('look')(args), CALLER)).outcome, 'OK');
    const input = [
      '',
      ',"requestState":"one"',
      ',"inputResponses":{"a":{"action":"accept","content":{}}},"requestState":"two"',
    ];
    const bodies = bodiesOf(rig);
    assert.equal(bodies.length, 3);
    for (const [index, body] of bodies.entries()) {
      const { id } = rig.server.incoming[index] ?? {};
      const head = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"look","arguments":${args}`;
      assert.ok(body.startsWith(`${head}${input[index]},"_meta":{`), body);
    }
  });

  it('has each response under the key of its request, whatever the key', async (t) => {
    const keys = ['__proto__', 'constructor', '', 'a "b"\\', '10', '9', 'caf\u00e9', '\ud800', '\u2028'];
    const requests = `{${keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(form)}`).join(',')}}`;
    const answer: Answer = ({ id, params }) =>
      'inputResponses' in params ? seen : rawResult(id, `{"resultType":"input_required","inputRequests":${requests}}`);
    const rig = await startSession(t, { 'tools/call': answer }, { target });
    const { outcome, message } = await rig.modern().request(look, CALLER);
    assert.equal(outcome, 'OK', message);
    const responses = rig.server.incoming.at(-1)?.params.inputResponses as object;
    assert.deepEqual(Object.keys(responses).toSorted(), keys.toSorted());
    for (const [, response] of Object.entries(responses)) assert.deepEqual(response, { action: 'accept', content: {} });
  });
});

describe('the rounds of a call', () => {
  it('can be ten, and the last one can bring the result or a task', async (t) => {
    const task = { resultType: 'task', taskId: 't', status: 'working', pollIntervalMs: 20 };
    for (const [last, samples] of [
      [seen, Array(11).fill('tools/call:look OK')],
      [task, [...Array(10).fill('tools/call:look OK'), 'tasks/get:look OK', 'tools/call:look OK']],
    ] as const) {
      let round = 0;
      const answers: Record<string, Answer> = {
        'tools/call': () => (round++ < 10 ? asks(`s${round}`) : last),
        'tasks/get': () => ({ taskId: 't', status: 'completed', result: seen }),
      };
      const rig = await startSession(t, answers, { target });
      const { outcome, message } = await rig.modern().request(look, CALLER);
      assert.equal(outcome, 'OK', message);
      assert.deepEqual(rig.samples(), samples);
    }
  });

  it('are counted separately for calls that run at the same time', async (t) => {
    const roundsOf = new Map<unknown, number>();
    const patience: Record<string, number> = { short: 10, long: 99 };
    const answer: Answer = ({ params }) => {
      const { kind } = params.arguments as { kind: string };
      const round = roundsOf.get(kind) ?? 0;
      roundsOf.set(kind, round + 1);
      return round < (patience[kind] as number) ? asks(`${kind} ${round}`) : seen;
    };
    const rig = await startSession(t, { 'tools/call': answer }, { target });
    const session = rig.modern();
    const calls = ['short', 'long'].map((kind) => session.request(toolCall('look', { kind }), CALLER));
    const outcomes = (await Promise.all(calls)).map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, ['OK', 'RPC_INPUT_REQUIRED']);
    assert.deepEqual([...roundsOf.values()], [11, 11]);
    for (const { params } of rig.server.incoming.slice(2)) {
      const { kind } = params.arguments as { kind: string };
      assert.ok(String(params.requestState).startsWith(`${kind} `), 'no state of another call');
    }
  });

  /** With the outcome of the round, which says only whether it was answered. */
  const failures: readonly [outcome: string, answer: Answer, round?: string][] = [
    ['RPC_-32602', ({ id }) => jsonReply({ id, error: { code: -32602, message: 'state has expired' } }), 'RPC_-32602'],
    ['HTTP_429', () => httpReply(429, ['retry-after: 1'], ''), 'HTTP_429'],
    ['TOOL_ERROR', ({ id }) => jsonResult(id, { isError: true, content: [{ type: 'text', text: 'no' }] })],
    ['PROTO_RESULT_TYPE', () => ({ resultType: 'partial' })],
    ['RPC_INPUT_REQUIRED', () => ({ resultType: 'input_required' })],
  ];
  for (const [outcome, failure, round = 'OK'] of failures) {
    it(`end when one fails: ${outcome}`, async (t) => {
      const answer: Answer = (incoming) => ('requestState' in incoming.params ? failure(incoming) : asks('s'));
      const rig = await startSession(t, { 'tools/call': answer }, { target });
      assert.equal((await rig.modern().request(look, CALLER)).outcome, outcome);
      assert.deepEqual(rig.samples(), [`tools/call:look ${round}`, `tools/call:look ${outcome}`]);
      assert.deepEqual(rig.kinds(), ['protocol tools/call:look', 'step tools/call:look']);
    });
  }
});
