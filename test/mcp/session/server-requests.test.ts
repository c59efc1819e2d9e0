import assert from 'node:assert/strict';
import { it } from 'node:test';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import { type Answer, SESSION_ID } from '../../support/mcp-server.ts';
import { eventOf, eventStream, httpReply, openStream } from '../../support/raw-http.ts';
import { CALLER, startSession, until } from '../../support/session-rig.ts';

const look = callTool('look')('{}');
const answerTo = (id: number) => ({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'seen' }] } });
const form = {
  mode: 'form',
  message: 'Who?',
  requestedSchema: { type: 'object', properties: { name: { type: 'string', default: 'Ada' } }, required: ['name'] },
};
const noSuch = (id: unknown, method: string) => ({
  jsonrpc: '2.0',
  id,
  error: { code: -32601, message: `this client does not have ${method}` },
});

/** Requests of a server, and the answers it must get. The plan answers forms where `elicitation` is `defaults`. */
const questions: readonly {
  readonly asked: { readonly id: unknown; readonly method: string; readonly params?: object };
  readonly elicitation?: 'defaults';
  readonly answer: object;
  readonly sample: string;
}[] = [
  { asked: { id: 1, method: 'ping' }, answer: { jsonrpc: '2.0', id: 1, result: {} }, sample: 'response:ping' },
  { asked: { id: '3', method: 'ping' }, answer: { jsonrpc: '2.0', id: '3', result: {} }, sample: 'response:ping' },
  { asked: { id: 0, method: 'ping' }, answer: { jsonrpc: '2.0', id: 0, result: {} }, sample: 'response:ping' },
  {
    asked: { id: 1, method: 'elicitation/create', params: form },
    elicitation: 'defaults',
    answer: { jsonrpc: '2.0', id: 1, result: { action: 'accept', content: { name: 'Ada' } } },
    sample: 'response:elicitation/create',
  },
  {
    asked: { id: 1, method: 'elicitation/create', params: form },
    answer: noSuch(1, 'elicitation/create'),
    sample: 'response:elicitation/create',
  },
  {
    asked: { id: 1, method: 'elicitation/create', params: { mode: 'url', url: 'http://127.0.0.1/' } },
    elicitation: 'defaults',
    answer: noSuch(1, 'elicitation/create'),
    sample: 'response:elicitation/create',
  },
  {
    asked: { id: 1, method: 'sampling/createMessage' },
    answer: noSuch(1, 'sampling/createMessage'),
    sample: 'response:sampling/createMessage',
  },
  { asked: { id: 's', method: 'roots/list' }, answer: noSuch('s', 'roots/list'), sample: 'response:roots/list' },
  { asked: { id: 7, method: 'made/up:1' }, answer: noSuch(7, 'made/up:1'), sample: 'response' },
];

for (const { asked, elicitation, answer, sample } of questions) {
  const name = `${JSON.stringify(asked.id)} ${asked.method}${elicitation === undefined ? '' : ', with elicitation defaults'}`;
  const target = elicitation === undefined ? {} : { elicitation };

  it(`a request of the server is answered on the stream of a call: ${name}`, async (t) => {
    let finish: () => void = () => {};
    const answers: Record<string, Answer> = {
      // As in real servers, the tool continues only when it has its answer.
      'tools/call': ({ id, socket }) => {
        socket.write(openStream(eventOf({ jsonrpc: '2.0', ...asked })));
        const text = eventOf(answerTo(id));
        finish = () => socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`);
        return undefined;
      },
      response: () => {
        finish();
        return httpReply(202, [], '');
      },
    };
    const rig = await startSession(t, answers, { target });
    const session = rig.legacy();
    await session.open(CALLER);
    const exchange = await session.request(look, CALLER);
    assert.equal(exchange.outcome, 'OK', exchange.message);
    await session.close(CALLER);
    const [sent, ...more] = rig.server.of('response');
    assert.deepEqual(more, []);
    assert.deepEqual(sent?.rpc, answer);
    assert.equal(sent?.headers['mcp-session-id'], SESSION_ID);
    assert.equal(sent?.headers['mcp-protocol-version'], '2025-11-25');
    assert.ok(rig.samples().includes(`${sample} OK`), rig.samples().join());
  });

  it(`a request of the server is answered on the event stream of the session: ${name}`, async (t) => {
    const answers = { GET: () => openStream(eventOf({ jsonrpc: '2.0', ...asked })) };
    const rig = await startSession(t, answers, { target: { ...target, eventStream: true } });
    const session = rig.legacy();
    await session.open(CALLER);
    await until(() => rig.server.of('response').length === 1);
    await session.close(CALLER);
    assert.deepEqual(rig.server.of('response')[0]?.rpc, answer);
  });
}

it('a request of the server is declared as supported only for forms, and only when the plan answers them', async (t) => {
  for (const [target, capabilities] of [
    [{}, {}],
    [{ elicitation: 'defaults' }, { elicitation: { form: {} } }],
  ] as const) {
    const rig = await startSession(t, {}, { target });
    await rig.legacy().open(CALLER);
    assert.deepEqual(rig.server.of('initialize')[0]?.params.capabilities, capabilities);
  }
});

it('a request of the server gets no answer when it is a notification or has an id of another type', async (t) => {
  const silent = [
    { method: 'notifications/progress', params: { progressToken: 1, progress: 1 } },
    { method: 'ping', id: null },
    { method: 'ping', id: {} },
    { method: 'ping' },
  ];
  const answers: Record<string, Answer> = {
    'tools/call': ({ id }) => eventStream(...silent.map(eventOf), eventOf(answerTo(id))),
  };
  const rig = await startSession(t, answers);
  const session = rig.legacy();
  await session.open(CALLER);
  assert.equal((await session.request(look, CALLER)).outcome, 'OK');
  await session.close(CALLER);
  assert.equal(rig.server.of('response').length, 0);
});

it('a request of the server ends the session when the refusal of its answer says that the session is lost', async (t) => {
  const answers: Record<string, Answer> = {
    'tools/call': ({ id }) => eventStream(eventOf({ id: 1, method: 'ping' }), eventOf(answerTo(id))),
    response: () => httpReply(404, [], 'no such session'),
  };
  const rig = await startSession(t, answers);
  const session = rig.legacy();
  await session.open(CALLER);
  assert.equal((await session.request(look, CALLER)).outcome, 'OK');
  await until(() => rig.samples().includes('response:ping SESS_EXPIRED'));
  await until(() => !session.alive);
  await session.close(CALLER);
  assert.equal(rig.server.of('DELETE').length, 0);
});

it('a request of the server is answered without a session id before there is one, and a refusal then does not end the session', async (t) => {
  const answers: Record<string, Answer> = {
    initialize: ({ id, socket }) => {
      const result = { protocolVersion: '2025-11-25', capabilities: {} };
      const stream = eventStream(eventOf({ id: 1, method: 'ping' }), eventOf({ id, result }));
      socket.write(stream.replace('\r\n', `\r\nmcp-session-id: ${SESSION_ID}\r\n`));
      return undefined;
    },
    response: () => httpReply(400, [], 'Mcp-Session-Id header is required'),
  };
  const rig = await startSession(t, answers);
  const session = rig.legacy();
  await session.open(CALLER);
  await until(() => rig.samples().includes('response:ping SESS_MISSING'));
  // When another call is done, the refusal has had its effects.
  assert.equal((await session.request(look, CALLER)).outcome, 'OK');
  assert.equal(rig.server.of('response')[0]?.headers['mcp-session-id'], undefined);
  assert.equal(session.alive, true);
  await session.close(CALLER);
  assert.equal(rig.server.of('DELETE').length, 1);
});
