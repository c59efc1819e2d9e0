import assert from 'node:assert/strict';
import { it } from 'node:test';
import { outcomeClass } from '../../src/sample/outcome.ts';

it('counts an outcome as a failure unless it has another class', () => {
  assert.equal(outcomeClass('OK'), 'useful');
  assert.equal(outcomeClass('CLIENT_ABORT'), 'aborted');
  for (const outcome of ['TOOL_EMPTY', 'SESS_DUP', 'SSE_UNTERMINATED'] as const) {
    assert.equal(outcomeClass(outcome), 'warning', outcome);
  }
  for (const outcome of [
    'HTTP_500',
    'RPC_-32000',
    'RPC_INPUT_REQUIRED',
    'SESS_AMBIGUOUS',
    'TMO_UNTERMINATED',
    'TOOL_ASSERT',
  ] as const) {
    assert.equal(outcomeClass(outcome), 'failed', outcome);
  }
});
