import assert from 'node:assert/strict';
import { it } from 'node:test';
import { lostSessionIn, meansLostSession, saysSessionIsLost } from '../../../src/mcp/http/lost-session.ts';

const LOST = [
  'Unknown Mcp-Session-Id header',
  'Invalid session ID',
  'Session not found',
  '{"error":"Session not found"}',
  'Bad Request: No valid session ID provided',
  'Bad Request: Server not initialized',
  'Session ID "4711" is unknown to this server',
  'Session has expired',
  'session expired, please initialize again',
  'Your MCP session does not exist',
  'Session terminated',
  'No transport found for sessionId',
  'Invalid or missing session ID',
  'mcp-session-id: not found',
  'Could not find session abc',
  'Received request before initialization was complete',
  'No active session',
  'The session was closed',
];
const OTHER = [
  '',
  'no',
  'Not found',
  'the header mcp-session-id is fine',
  'Too many sessions',
  'Session limit reached',
  'The tool was not found',
  'Unauthorized',
  'Request timed out',
  'Sessions are great. Nothing was not found here',
];

for (const text of LOST) {
  it(`a refusal means a lost session: ${text}`, () => assert.ok(saysSessionIsLost(text)));
}
for (const text of OTHER) {
  it(`a refusal does not mean a lost session: ${text}`, () => assert.ok(!saysSessionIsLost(text)));
}

it('an error means a lost session by its text, unless its code is about the call', () => {
  for (const code of [-32001, -32000, -32600, -32603])
    assert.ok(meansLostSession({ code, message: 'Session not found' }));
  assert.ok(meansLostSession({ code: -32001, message: 'Bad session' }));
  assert.ok(!meansLostSession({ code: -32001, message: 'Request timed out' }));
  for (const code of [-32601, -32602]) assert.ok(!meansLostSession({ code, message: 'Invalid session id' }));
});

it('a message that is not JSON-RPC means a lost session only by its error', () => {
  assert.equal(lostSessionIn({ error: 'Session not found' }), 'Session not found');
  assert.match(lostSessionIn({ error: { reason: 'unknown session' } }) ?? '', /unknown session/);
  for (const message of [null, 7, 'Session not found', [], { text: 'Session not found' }, { error: 'no' }]) {
    assert.equal(lostSessionIn(message), undefined);
  }
});

it('a hostile text is searched in little time', () => {
  const startMs = performance.now();
  for (const part of ['session ', 'mcp-session-id', 'no such ', 'session id header ', 'unknown or ', ' ']) {
    saysSessionIsLost(part.repeat(65_536 / part.length));
  }
  assert.ok(performance.now() - startMs < 1000);
});
