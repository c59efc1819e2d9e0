import assert from 'node:assert/strict';
import { it } from 'node:test';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import type { Answer } from '../../support/mcp-server.ts';
import { eventOf, jsonReply, openStream } from '../../support/raw-http.ts';
import { CALLER, type ScriptedRig, startSession, until } from '../../support/session-rig.ts';

const look = callTool('look')('{"at":"the sky"}');
const seen = { content: [{ type: 'text', text: 'seen' }] };
const created = { task: { taskId: 't1', status: 'working', pollInterval: 30 } };
const task = (status: string, more: object = {}) => ({ taskId: 't1', status, ...more });

/** A server whose tool must run as a task. Polls get these states in turn, and the last one from then on. */
function taskServer(...states: readonly object[]): Record<string, Answer> {
  let asked = 0;
  return {
    'tools/list': () => ({ tools: [{ name: 'look', execution: { taskSupport: 'required' } }] }),
    'tools/call': () => created,
    'tasks/get': () => states[Math.min(asked++, states.length - 1)],
    'tasks/result': () => seen,
  };
}

async function requestLook(rig: ScriptedRig) {
  const session = rig.legacy();
  await session.open(CALLER);
  return session.request(look, CALLER);
}

it('a task-only tool of the first era is called as a task, polled at the interval that the server wishes, and its result is fetched', async (t) => {
  const states = [task('working'), task('working', { pollInterval: 60 }), task('completed')];
  const rig = await startSession(t, taskServer(...states));
  const exchange = await requestLook(rig);
  assert.equal(exchange.outcome, 'OK', exchange.message);
  assert.deepEqual(exchange.result, seen);
  const sent = rig.server.incoming.slice(3);
  assert.deepEqual(
    sent.map(({ method, params }) => [method, params]),
    [
      ['tools/call', { name: 'look', arguments: { at: 'the sky' }, task: {} }],
      ...Array(3).fill(['tasks/get', { taskId: 't1' }]),
      ['tasks/result', { taskId: 't1' }],
    ],
  );
  for (const { headers } of sent) assert.equal(headers['mcp-session-id'], 'a-Session');
  const waits = sent.slice(1, 4).map(({ atMs }, index) => atMs - (sent[index]?.atMs ?? 0));
  for (const [index, ms] of [30, 30, 60].entries()) {
    assert.ok((waits[index] ?? 0) >= ms - 1 && (waits[index] ?? 0) < 1000, `${waits} ms`);
  }
  assert.deepEqual(rig.samples().slice(3), [
    ...Array(3).fill('tasks/get:look OK'),
    'tasks/result:look OK',
    'tools/call:look OK',
  ]);
});

for (const [taskSupport, isTask] of [
  ['required', true],
  ['optional', false],
  ['forbidden', false],
] as const) {
  it(`a task-only tool of the first era is recognised by its taskSupport: ${taskSupport}`, async (t) => {
    const rig = await startSession(t, {
      ...taskServer(task('completed')),
      'tools/list': () => ({ tools: [{ name: 'look', execution: { taskSupport } }] }),
      'tools/call': ({ params }) => ('task' in params ? created : seen),
    });
    assert.equal((await requestLook(rig)).outcome, 'OK');
    assert.equal(rig.server.of('tasks/result').length, isTask ? 1 : 0);
  });
}

it('a task-only tool of the first era fails with the outcome of its result, which a failed task has too', async (t) => {
  const failed: Answer = () => ({ isError: true, content: [{ type: 'text', text: 'worn out' }] });
  const rig = await startSession(t, { ...taskServer(task('failed')), 'tasks/result': failed });
  const exchange = await requestLook(rig);
  assert.deepEqual([exchange.outcome, exchange.message], ['TOOL_ERROR', 'worn out']);
  assert.deepEqual(rig.samples().slice(3), ['tasks/get:look OK', 'tasks/result:look OK', 'tools/call:look TOOL_ERROR']);
});

const ends: readonly [answers: Record<string, Answer>, outcome: string, message: RegExp, polls: string[]][] = [
  [taskServer(task('cancelled', { statusMessage: 'by hand' })), 'TOOL_ERROR', /cancelled: by hand/, ['OK']],
  [taskServer(task('input_required')), 'RPC_INPUT_REQUIRED', /waits for input/, ['OK']],
  [taskServer({ taskId: 't1' }), 'PROTO_SHAPE', /a task with a status/, ['PROTO_SHAPE']],
  [{ ...taskServer(), 'tools/call': () => seen }, 'PROTO_SHAPE', /result\.task/, []],
  [
    {
      ...taskServer(),
      'tasks/get': ({ id }) => jsonReply({ id, error: { code: -32602, message: 'Task not found' } }),
    },
    'RPC_-32602',
    /not found/,
    ['RPC_-32602'],
  ],
];
for (const [answers, outcome, message, polls] of ends) {
  it(`a task-only tool of the first era ends with ${outcome} after ${polls.length} polls: ${message.source}`, async (t) => {
    const rig = await startSession(t, answers);
    const exchange = await requestLook(rig);
    assert.equal(exchange.outcome, outcome, exchange.message);
    assert.match(exchange.message, message);
    const samples = [...polls.map((poll) => `tasks/get:look ${poll}`), `tools/call:look ${outcome}`];
    assert.deepEqual(rig.samples().slice(3), samples);
    assert.equal(rig.server.of('tasks/result').length, 0);
  });
}

it('a task-only tool of the first era is given input on the stream of its result when the plan answers forms', async (t) => {
  let finish: () => void = () => {};
  const requestedSchema = { type: 'object', properties: { name: { type: 'string', default: 'Ada' } } };
  const answers: Record<string, Answer> = {
    ...taskServer(task('input_required')),
    'tasks/result': ({ id, socket }) => {
      const question = { jsonrpc: '2.0', id: 'q', method: 'elicitation/create', params: { requestedSchema } };
      socket.write(openStream(eventOf(question)));
      const text = eventOf({ jsonrpc: '2.0', id, result: seen });
      finish = () => socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`);
      return undefined;
    },
    response: () => {
      finish();
      return 'HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n';
    },
  };
  const rig = await startSession(t, answers, { target: { elicitation: 'defaults' } });
  const exchange = await requestLook(rig);
  assert.equal(exchange.outcome, 'OK', exchange.message);
  const [sent] = rig.server.of('response');
  assert.deepEqual(sent?.rpc.result, { action: 'accept', content: { name: 'Ada' } });
});

it('a task-only tool of the first era ends with the load, however long it would work', async (t) => {
  const rig = await startSession(t, taskServer(task('working')));
  const session = rig.legacy();
  await session.open(CALLER);
  const call = session.request(look, CALLER);
  await until(() => rig.server.of('tasks/get').length === 3);
  rig.ended.abort();
  rig.connection.abortAll('the graceful stop is over', 'CLIENT_ABORT');
  assert.equal((await call).outcome, 'CLIENT_ABORT');
  await session.close(CALLER);
  const after = rig.server.methods().slice(rig.server.methods().lastIndexOf('tasks/get') + 1);
  assert.deepEqual(
    after.filter((method) => method !== 'notifications/cancelled'),
    ['DELETE'],
    'the session is closed all the same',
  );
});
