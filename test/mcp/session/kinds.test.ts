import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { fixedAuthorizer } from '../../../src/mcp/auth/authorizer.ts';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import { listItems } from '../../../src/mcp/operations/list-items.ts';
import type { Answer } from '../../support/mcp-server.ts';
import { httpReply } from '../../support/raw-http.ts';
import { CALLER, startSession } from '../../support/session-rig.ts';

const look = callTool('look')('{}');
const page = (cursor: unknown) =>
  cursor === undefined ? { tools: [{ name: 'look' }], nextCursor: 'second' } : { tools: [{ name: 'wait' }] };

const answers: Record<string, Answer> = {
  initialize: () => ({ protocolVersion: '2025-11-25', capabilities: { tools: {} } }),
  'tools/list': ({ params }) => page(params.cursor),
  'tools/call': () => ({ content: [{ type: 'text', text: 'seen' }] }),
};

const open = (t: TestContext, more: Record<string, Answer> = {}) =>
  startSession(t, { ...answers, ...more }, { target: { timeouts: { total: '300ms' } } });

it('counts only the calls of the plan as steps, every page of a list included', async (t) => {
  const rig = await open(t);
  const session = rig.legacy();
  await session.open(CALLER);
  const first = await session.request(listItems('tools'), CALLER);
  await session.request(look, { ...CALLER, retry: true });
  await session.close(CALLER);
  await rig.close();
  assert.ok(first.outcome === 'OK');
  assert.deepEqual(rig.kinds(), [
    'protocol initialize',
    'protocol notifications/initialized',
    'protocol tools/list',
    'protocol tools/list',
    'step tools/list',
    'step tools/call:look',
    'protocol DELETE',
  ]);
});

it('counts a cancellation as protocol', async (t) => {
  const rig = await open(t, { 'tools/call': () => undefined });
  const session = rig.legacy();
  await session.open(CALLER);
  assert.match((await session.request(look, CALLER)).outcome, /^TMO_/);
  await session.close(CALLER);
  await rig.close();
  assert.ok(rig.kinds().includes('protocol notifications/cancelled'), rig.kinds().join());
});

it('counts a call that is repeated with a renewed token as a step both times', async (t) => {
  let calls = 0;
  const refusedOnce: Answer = () =>
    calls++ > 0 ? { content: [{ type: 'text', text: 'seen' }] } : httpReply(401, [], '');
  const authorizer = { ...fixedAuthorizer(undefined), isFixed: false, rejected: () => true };
  const rig = await startSession(t, { ...answers, 'tools/call': refusedOnce }, { authorizer });
  const session = rig.legacy();
  await session.open(CALLER);
  await session.request(look, CALLER);
  await session.close(CALLER);
  await rig.close();
  assert.deepEqual(rig.samples().slice(-3, -1), ['tools/call:look AUTH_401', 'tools/call:look OK retry']);
  assert.deepEqual(rig.kinds().slice(-3, -1), ['step tools/call:look', 'step tools/call:look']);
});

it('counts the calls of a stateless session as steps, and its discovery and its list on opening as protocol', async (t) => {
  const rig = await open(t);
  const session = rig.modern();
  await session.discover(CALLER);
  await session.open(CALLER);
  await session.request(look, CALLER);
  await rig.close();
  assert.deepEqual(rig.kinds(), [
    'protocol server/discover',
    'protocol tools/list',
    'protocol tools/list',
    'step tools/call:look',
  ]);
});

it('counts the polls and the result of a task as protocol', async (t) => {
  const rig = await open(t, {
    'tools/list': () => ({ tools: [{ name: 'look', execution: { taskSupport: 'required' } }] }),
    'tools/call': () => ({ task: { taskId: '1', status: 'working', pollInterval: 1 } }),
    'tasks/get': () => ({ taskId: '1', status: 'completed' }),
    'tasks/result': () => ({ content: [{ type: 'text', text: 'seen' }] }),
  });
  const session = rig.legacy();
  await session.open(CALLER);
  await session.request(look, CALLER);
  await rig.close();
  assert.deepEqual(rig.kinds().slice(-3), [
    'protocol tasks/get:look',
    'protocol tasks/result:look',
    'step tools/call:look',
  ]);
});
