import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Call } from '../../../src/mcp/operations/call.ts';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import { listItems } from '../../../src/mcp/operations/list-items.ts';
import { completeArgument, getPrompt, readResource } from '../../../src/mcp/operations/prompts-and-resources.ts';
import type { Answer } from '../../support/mcp-server.ts';
import { eventOf, eventStream } from '../../support/raw-http.ts';
import { CALLER, startSession } from '../../support/session-rig.ts';

/** Each kind of call, with a result in which only the type is wrong. */
const calls: readonly { readonly call: Call; readonly result: object }[] = [
  { call: callTool('look')('{}'), result: { content: [{ type: 'text', text: 'seen' }] } },
  { call: getPrompt('brief')('{}'), result: { messages: [{ role: 'user', content: { type: 'text', text: 'x' } }] } },
  { call: readResource('notes')('"file:///n"'), result: { contents: [{ uri: 'file:///n', text: 'x' }] } },
  { call: completeArgument({ prompt: 'brief' }, 'language')('"p"'), result: { completion: { values: [] } } },
  { call: listItems('prompts'), result: { prompts: [{ name: 'brief' }] } },
];
/** Only a tool call can become a task, so for all other calls that type is unknown too. */
const UNKNOWN = ['partial', 'COMPLETE', 'complete ', '', 7, false, {}, ['complete'], 'toString', '__proto__'];

for (const { call, result } of calls) {
  it(`a result of an unknown type fails with PROTO_RESULT_TYPE: ${call.method}`, async (t) => {
    let resultType: unknown;
    const rig = await startSession(t, { [call.method]: () => ({ ...result, resultType }) });
    const session = rig.modern();
    await session.open(CALLER);
    const unknown = call.method === 'tools/call' ? UNKNOWN : [...UNKNOWN, 'task'];
    for (resultType of unknown) {
      const before = rig.server.incoming.length;
      const { outcome, message } = await session.request(call, CALLER);
      assert.equal(outcome, 'PROTO_RESULT_TYPE', JSON.stringify(resultType));
      assert.equal(message, `resultType ${JSON.stringify(resultType)}`);
      assert.equal(rig.server.incoming.length, before + 1, 'it is requested once');
      assert.equal(session.alive, true);
    }
    for (resultType of ['complete', undefined, null]) {
      assert.equal((await session.request(call, CALLER)).outcome, 'OK', JSON.stringify(resultType));
    }
  });
}

it('a result of an unknown type fails in a stream too, whatever came before it', async (t) => {
  const answer: Answer = ({ id }) =>
    eventStream(
      eventOf({ jsonrpc: '2.0', method: 'notifications/progress', params: {} }),
      eventOf({ jsonrpc: '2.0', id, result: { content: [], resultType: 'partial' } }),
    );
  const rig = await startSession(t, { 'tools/call': answer });
  assert.equal((await rig.modern().request(callTool('look')('{}'), CALLER)).outcome, 'PROTO_RESULT_TYPE');
});

it('a result of an unknown type opens no session when it answers tools/list', async (t) => {
  const rig = await startSession(t, { 'tools/list': () => ({ tools: [], resultType: 'partial' }) });
  const session = rig.modern();
  const opened = await session.open(CALLER);
  assert.ok('failed' in opened && opened.failed.outcome === 'PROTO_RESULT_TYPE');
  assert.equal(session.alive, false);
});

it('a result of an unknown type is accepted in the first era, which has no result types', async (t) => {
  const rig = await startSession(t, {
    'tools/call': () => ({ content: [{ type: 'text', text: 'x' }], resultType: 'odd' }),
  });
  const session = rig.legacy();
  await session.open(CALLER);
  assert.equal((await session.request(callTool('look')('{}'), CALLER)).outcome, 'OK');
  await session.close(CALLER);
});
