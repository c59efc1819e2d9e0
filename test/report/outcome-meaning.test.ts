import assert from 'node:assert/strict';
import { it } from 'node:test';
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

it('explains every outcome by a sentence of its own', () => {
  const meanings = OUTCOMES.map((outcome) => outcomeMeaning(outcome));
  for (const meaning of meanings) assert.match(meaning, /^[A-Z].{20,}\.$/);
  assert.equal(new Set(meanings).size, OUTCOMES.length);
});

it('puts the number from the target into the sentence', () => {
  assert.match(outcomeMeaning('HTTP_418'), /418, a client error/);
  assert.match(outcomeMeaning('HTTP_599'), /599, a server error/);
  assert.match(outcomeMeaning('RPC_-32000'), /JSON-RPC error -32000/);
  assert.match(outcomeMeaning('HTTP_429'), /rate limit/);
});
