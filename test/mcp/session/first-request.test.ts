import assert from 'node:assert/strict';
import { it } from 'node:test';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import { listItems } from '../../../src/mcp/operations/list-items.ts';
import { listPages } from '../../../src/mcp/session/lists.ts';
import { type Caller, IntendedStart } from '../../../src/mcp/session/session.ts';
import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import { systemClock } from '../../../src/traffic/clock.ts';
import type { Answer } from '../../support/mcp-server.ts';
import { httpReply } from '../../support/raw-http.ts';
import { CALLER, type ScriptedRig, startSession } from '../../support/session-rig.ts';

const LATE_MS = 5000;
const look = callTool('look')('{}');
const seen = { content: [{ type: 'text', text: 'seen' }] };

/** The caller of a call that is late and is marked as the first of its session. */
function lateCaller(): Caller {
  const intended = new IntendedStart(systemClock.now() - LATE_MS);
  return { ...CALLER, intended, callFlags: SAMPLE_FLAG.firstOfSession };
}

/** One line per request since `from`: its method and its marks. */
function marked({ exchanges }: ScriptedRig, from = 0): string[] {
  return exchanges.slice(from).map(({ request, sample: { lagMs, flags } }) => {
    assert.ok(lagMs === 0 || (lagMs >= LATE_MS && lagMs < LATE_MS + 1000), `${lagMs} ms`);
    const lag = lagMs > 0 ? ' late' : '';
    const first = flags & SAMPLE_FLAG.firstOfSession ? ' first' : '';
    return `${request.rpcMethod || request.method}${lag}${first}`;
  });
}

it('the lag and the marks of a call belong to initialize only, when a session is opened', async (t) => {
  const rig = await startSession(t, {}, { target: { eventStream: true } });
  const session = rig.legacy();
  const { intended } = lateCaller();
  const caller = { ...CALLER, ...(intended === undefined ? {} : { intended }) };
  await session.open(caller);
  await session.request(look, caller);
  await session.close(CALLER);
  const lags = rig.exchanges.map(({ sample: { lagMs } }) => lagMs > 0);
  assert.deepEqual(lags, [true, ...lags.slice(1).map(() => false)]);
  assert.equal(rig.exchanges[0]?.request.opensSession, true);
});

it('the lag and the marks of a call do not belong to the polls of a task, in either era', async (t) => {
  const legacy: Record<string, Answer> = {
    'tools/list': () => ({ tools: [{ name: 'look', execution: { taskSupport: 'required' } }] }),
    'tools/call': () => ({ task: { taskId: 't', status: 'working', pollInterval: 20 } }),
    'tasks/get': () => ({ taskId: 't', status: 'completed' }),
    'tasks/result': () => seen,
  };
  {
    const rig = await startSession(t, legacy);
    const session = rig.legacy();
    await session.open(CALLER);
    const from = rig.exchanges.length;
    await session.request(look, lateCaller());
    assert.deepEqual(marked(rig, from), ['tasks/get', 'tasks/result', 'tools/call late first']);
  }
  const modern: Record<string, Answer> = {
    'tools/call': () => ({ resultType: 'task', taskId: 't', status: 'working', pollIntervalMs: 20 }),
    'tasks/get': () => ({ resultType: 'complete', taskId: 't', status: 'completed', result: seen }),
  };
  {
    const rig = await startSession(t, modern);
    const session = rig.modern();
    await session.open(CALLER);
    const from = rig.exchanges.length;
    await session.request(look, lateCaller());
    assert.deepEqual(marked(rig, from), ['tasks/get', 'tools/call late first']);
  }
});

it('the lag and the marks of a call do not belong to the rounds in which a call gets input', async (t) => {
  let rounds = 0;
  const asks = { resultType: 'input_required', requestState: 's', inputRequests: {} };
  const answer: Answer = () => (rounds++ < 2 ? asks : seen);
  const rig = await startSession(t, { 'tools/call': answer }, { target: { elicitation: 'defaults' } });
  const session = rig.modern();
  await session.open(CALLER);
  const from = rig.exchanges.length;
  assert.equal((await session.request(look, lateCaller())).outcome, 'OK');
  assert.deepEqual(marked(rig, from), ['tools/call', 'tools/call', 'tools/call late first']);
});

it('the lag and the marks of a call do not belong to further pages', async (t) => {
  const answer: Answer = ({ params }) => ({ tools: [], ...(params.cursor === undefined ? { nextCursor: 'b' } : {}) });
  const rig = await startSession(t, { 'tools/list': answer });
  await listPages(rig.modern(), listItems('tools'), lateCaller(), () => {});
  assert.deepEqual(marked(rig), ['tools/list late first', 'tools/list']);
});

it('the lag and the marks of a call do not include the lag when a request is sent again with another token', async (t) => {
  let refusals = 1;
  const answer: Answer = () => (refusals-- > 0 ? httpReply(401, [], '') : seen);
  const authorizer = {
    prepare: async () => {},
    header: () => ({ name: 'authorization', value: 'Bearer t' }),
    rejected: () => true,
    tokens: { fetched: 0, failed: 0, maxMs: 0 },
    close: () => {},
  };
  const rig = await startSession(t, { 'tools/call': answer }, { authorizer });
  const session = rig.legacy();
  await session.open(CALLER);
  const from = rig.exchanges.length;
  await session.request(look, lateCaller());
  assert.deepEqual(marked(rig, from), ['tools/call late first', 'tools/call first']);
});
