import assert from 'node:assert/strict';
import { it } from 'node:test';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import { getPrompt } from '../../../src/mcp/operations/prompts-and-resources.ts';
import type { Answer } from '../../support/mcp-server.ts';
import { jsonReply } from '../../support/raw-http.ts';
import { CALLER, type ScriptedRig, startSession, until } from '../../support/session-rig.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const look = callTool('look')('{}');
const TASK_ID = 't\u00e4sk 1';
const WIRE_ID = `=?base64?${Buffer.from(TASK_ID).toString('base64')}?=`;
const seen = { content: [{ type: 'text', text: 'seen' }] };
const created = { resultType: 'task', taskId: TASK_ID, status: 'working', pollIntervalMs: 30 };
const task = (status: string, more: object = {}) => ({ resultType: 'complete', taskId: TASK_ID, status, ...more });
const form = (value: string) => ({
  method: 'elicitation/create',
  params: {
    mode: 'form',
    requestedSchema: { type: 'object', properties: { name: { type: 'string', default: value } } },
  },
});

/** A server that turns the call into a task. Polls get these states in turn, and the last one from then on. */
function taskServer(...states: readonly object[]): Record<string, Answer> {
  let asked = 0;
  return {
    'tools/call': () => created,
    'tasks/get': () => states[Math.min(asked++, states.length - 1)],
    'tasks/update': () => ({ resultType: 'complete' }),
  };
}

const requestLook = (rig: ScriptedRig) => rig.modern().request(look, CALLER);

it('a call that becomes a task is polled at the interval that the server wishes until it brings the result', async (t) => {
  const states = [task('working'), task('working', { pollIntervalMs: 60 }), task('completed', { result: seen })];
  const rig = await startSession(t, taskServer(...states));
  const exchange = await requestLook(rig);
  assert.equal(exchange.outcome, 'OK', exchange.message);
  const [call, ...gets] = rig.server.incoming;
  for (const { method, headers, params } of gets) {
    assert.equal(method, 'tasks/get');
    assert.equal(params.taskId, TASK_ID);
    assert.equal(headers['mcp-method'], 'tasks/get');
    assert.equal(headers['mcp-name'], WIRE_ID);
    assert.ok(params._meta !== undefined);
  }
  const times = [call, ...gets].map((one) => one?.atMs ?? 0);
  const waits = times.slice(1).map((atMs, index) => atMs - (times[index] as number));
  for (const [index, ms] of [30, 30, 60].entries()) {
    assert.ok((waits[index] ?? 0) >= ms - 1 && (waits[index] ?? 0) < 1000, `${waits} ms`);
  }
  assert.deepEqual(rig.samples(), [
    'tasks/get:look OK',
    'tasks/get:look OK',
    'tasks/get:look OK',
    'tools/call:look OK',
  ]);
});

/** With the outcome of the poll, which says only whether it was answered. */
const ends: readonly [state: object, outcome: string, message: RegExp, poll?: string][] = [
  [task('completed', { result: { isError: true, content: [{ type: 'text', text: 'no' }] } }), 'TOOL_ERROR', /^no$/],
  [task('completed', { result: { content: [] } }), 'TOOL_EMPTY', /no content/],
  [task('completed'), 'PROTO_SHAPE', /object/],
  [task('failed', { error: { code: -32603, message: 'worn out' } }), 'RPC_-32603', /the task failed: worn out/],
  [task('failed'), 'TOOL_ERROR', /the task failed/],
  [task('cancelled'), 'TOOL_ERROR', /cancelled/],
  [task('input_required', { inputRequests: { a: form('x') } }), 'RPC_INPUT_REQUIRED', /the plan does not give/],
  [task('dreaming'), 'PROTO_SHAPE', /status that the extension defines/, 'PROTO_SHAPE'],
  [{ ...task('completed', { result: seen }), resultType: 'task' }, 'PROTO_RESULT_TYPE', /"task"/, 'PROTO_RESULT_TYPE'],
];
for (const [state, outcome, message, poll = 'OK'] of ends) {
  it(`a call that becomes a task ends in ${outcome} when its state is ${JSON.stringify(state)}`, async (t) => {
    const rig = await startSession(t, taskServer(state));
    const exchange = await requestLook(rig);
    assert.equal(exchange.outcome, outcome, exchange.message);
    assert.match(exchange.message, message);
    assert.deepEqual(rig.samples(), [`tasks/get:look ${poll}`, `tools/call:look ${outcome}`]);
  });
}

it('a call that becomes a task ends when a poll fails', async (t) => {
  const gone: Answer = ({ id }) => jsonReply({ id, error: { code: -32602, message: 'Task has expired' } });
  const rig = await startSession(t, { ...taskServer(), 'tasks/get': gone });
  assert.equal((await requestLook(rig)).outcome, 'RPC_-32602');
});

it('a call that becomes a task continues although its server returns ids as strings', async (t) => {
  const states = [task('working'), task('completed', { result: seen })];
  const asText =
    (answer: () => object | undefined): Answer =>
    ({ id }) =>
      jsonReply({ jsonrpc: '2.0', id: String(id), result: answer() });
  const answers = { 'tools/call': asText(() => created), 'tasks/get': asText(() => states.shift()) };
  const rig = await startSession(t, answers);
  const exchange = await requestLook(rig);
  assert.equal(exchange.outcome, 'PROTO_ID_TYPE');
  assert.equal((exchange.result as { status: string }).status, 'completed');
});

it('a call that becomes a task is given each input once, although it lists it as open for a while', async (t) => {
  const first = task('input_required', { inputRequests: { a: form('Ada') } });
  const both = task('input_required', { inputRequests: { a: form('Ada'), b: form('Bob') } });
  const states = [first, first, both, both, task('working'), task('completed', { result: seen })];
  const rig = await startSession(t, taskServer(...states), { target: { elicitation: 'defaults' } });
  const exchange = await requestLook(rig);
  assert.equal(exchange.outcome, 'OK', exchange.message);
  const given = (value: string) => ({ action: 'accept', content: { name: value } });
  const updates = rig.server.of('tasks/update');
  assert.deepEqual(
    updates.map(({ params }) => params.inputResponses),
    [{ a: given('Ada') }, { b: given('Bob') }],
  );
  for (const { params, headers } of updates) {
    assert.equal(params.taskId, TASK_ID);
    assert.equal(headers['mcp-name'], WIRE_ID);
  }
  assert.equal(rig.samples().filter((sample) => sample === 'tasks/update:look OK').length, 2);
});

it('a call that becomes a task fails when it never stops asking for input', async (t) => {
  let asked = 0;
  const answers: Record<string, Answer> = {
    ...taskServer(),
    'tools/call': () => ({ ...created, pollIntervalMs: 0 }),
    'tasks/get': () => task('input_required', { inputRequests: { [`key ${asked++}`]: form('x') } }),
  };
  const rig = await startSession(t, answers, { target: { elicitation: 'defaults' } });
  assert.equal((await requestLook(rig)).outcome, 'RPC_INPUT_REQUIRED');
  assert.equal(rig.server.of('tasks/update').length, 10);
});

it('a call that becomes a task ends with the load, however long it would work', async (t) => {
  const rig = await startSession(t, { ...taskServer(task('working')), 'tools/call': () => created });
  const call = requestLook(rig);
  await until(() => rig.server.of('tasks/get').length === 3);
  rig.ended.abort();
  rig.connection.abortAll('the graceful stop is over', 'CLIENT_ABORT');
  const exchange = await call;
  assert.equal(exchange.outcome, 'CLIENT_ABORT');
  assert.ok(rig.samples().includes('tools/call:look CLIENT_ABORT'), rig.samples().join());
  const before = rig.server.incoming.length;
  await rig.close();
  assert.equal(rig.server.incoming.length, before);
});

it('a call that becomes a task ends with the load when its next poll is an hour away', async (t) => {
  const clock = new VirtualClock(0);
  const answers = { 'tools/call': () => ({ ...created, pollIntervalMs: 3_600_000 }) };
  const rig = await startSession(t, answers, { clock });
  const call = requestLook(rig);
  await until(() => clock.sleeping === 1);
  rig.connection.abortAll('the graceful stop is over', 'CLIENT_ABORT');
  rig.ended.abort();
  assert.equal((await call).outcome, 'CLIENT_ABORT');
  assert.deepEqual(rig.server.methods(), ['tools/call']);
  assert.deepEqual(rig.samples(), ['tools/call:look CLIENT_ABORT']);
});

it('a call that becomes a task must have an id, and only a tool call can become one', async (t) => {
  const rig = await startSession(t, { 'tools/call': () => ({ resultType: 'task' }), 'prompts/get': () => created });
  const session = rig.modern();
  assert.equal((await session.request(look, CALLER)).outcome, 'PROTO_SHAPE');
  assert.equal((await session.request(getPrompt('brief')('{}'), CALLER)).outcome, 'PROTO_RESULT_TYPE');
});
