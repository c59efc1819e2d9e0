import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isFailureCode } from '../../src/plan/threshold.ts';
import { outcomeClass } from '../../src/sample/outcome.ts';
import { namedOutcomes } from '../support/named-outcomes.ts';

it('knows exactly the outcomes that count as failures', () => {
  for (const outcome of namedOutcomes) {
    assert.equal(isFailureCode(outcome), outcomeClass(outcome) === 'failed', outcome);
  }
  for (const outcome of ['HTTP_429', 'HTTP_503', 'RPC_-32602', 'RPC_1'] as const) assert.ok(isFailureCode(outcome));
});

it('refuses words that only look like codes', () => {
  for (const word of ['TOOL_EROR', 'HTTP_4XX', 'HTTP_42', 'HTTP_700', 'RPC_', 'RPC_--1', 'tool_error', 'TOOL_ERROR ']) {
    assert.equal(isFailureCode(word), false, word);
  }
});
