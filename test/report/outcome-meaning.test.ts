import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomeMeaning } from '../../src/report/outcome-meaning.ts';
import type { Outcome } from '../../src/sample/outcome.ts';
import { namedOutcomes } from '../support/named-outcomes.ts';

const OUTCOMES: readonly Outcome[] = [
  ...namedOutcomes,
  'HTTP_418',
  'HTTP_429',
  'HTTP_599',
  'RPC_-32601',
  'RPC_-32000',
  'RPC_7',
];

test('every outcome is explained by a sentence of its own', () => {
  const meanings = OUTCOMES.map(outcomeMeaning);
  for (const meaning of meanings) assert.match(meaning, /^[A-Z].{20,}\.$/);
  assert.equal(new Set(meanings).size, OUTCOMES.length);
});

test('numbers of a target’s choosing appear in the sentence', () => {
  assert.match(outcomeMeaning('HTTP_418'), /418, which blames the request/);
  assert.match(outcomeMeaning('HTTP_599'), /599, which blames the server/);
  assert.match(outcomeMeaning('RPC_-32000'), /JSON-RPC error -32000/);
  assert.match(outcomeMeaning('HTTP_429'), /rate limit/);
});
