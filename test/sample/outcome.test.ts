import assert from 'node:assert/strict';
import { it } from 'node:test';
import { outcomeClass } from '../../src/sample/outcome.ts';

it('takes every outcome for a failure that is not named otherwise', () => {
  assert.equal(outcomeClass('OK'), 'useful');
  assert.equal(outcomeClass('CLIENT_ABORT'), 'aborted');
  assert.equal(outcomeClass('TOOL_EMPTY'), 'warning');
  for (const outcome of ['HTTP_500', 'RPC_-32000', 'TOOL_ASSERT', 'NET_OTHER'] as const) {
    assert.equal(outcomeClass(outcome), 'failed', outcome);
  }
});
