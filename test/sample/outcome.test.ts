import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isTimeout, isUnfinished, outcomeClass } from '../../src/sample/outcome.ts';
import { namedOutcomes } from '../support/named-outcomes.ts';

it('counts an outcome as a failure unless it has another class', () => {
  assert.equal(outcomeClass('OK'), 'useful');
  assert.equal(outcomeClass('CLIENT_ABORT'), 'censored');
  for (const outcome of ['CLIENT_LIMIT', 'PLAN_FEED_END'] as const) assert.equal(outcomeClass(outcome), 'aborted');
  for (const outcome of ['TOOL_EMPTY', 'TOOL_READS_LIKE_ERROR', 'SESS_DUP', 'SSE_UNTERMINATED'] as const) {
    assert.equal(outcomeClass(outcome), 'warning', outcome);
  }
  for (const outcome of [
    'HTTP_500',
    'RPC_-32000',
    'RPC_INPUT_REQUIRED',
    'SESS_AMBIGUOUS',
    'TMO_UNTERMINATED',
    'TMO_GRACEFUL_STOP',
    'TOOL_ASSERT',
  ] as const) {
    assert.equal(outcomeClass(outcome), 'failed', outcome);
  }
});

it('takes failures by silence, and no others, for timeouts', () => {
  assert.deepEqual(namedOutcomes.filter(isTimeout), [
    'NET_CONNECT_TMO',
    'TMO_HEADERS',
    'TMO_IDLE',
    'TMO_TOTAL',
    'TMO_UNTERMINATED',
    'TMO_GRACEFUL_STOP',
  ]);
});

it('counts an iteration as unfinished when it was cut short or could send nothing', () => {
  assert.deepEqual(namedOutcomes.filter(isUnfinished), [
    'TMO_GRACEFUL_STOP',
    'PLAN_FEED_END',
    'CLIENT_ABORT',
    'CLIENT_LIMIT',
  ]);
});
