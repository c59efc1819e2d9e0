import assert from 'node:assert/strict';
import { it } from 'node:test';
import { problemsOf } from '../support/a-plan.ts';

const ofArrival = { vus: undefined, preAllocatedVUs: 10 };

it('refuses more starts than samples can number', () => {
  const constant = { ...ofArrival, executor: 'constant-arrival-rate', rate: 20_000 };
  assert.deepEqual(problemsOf({ scenario: { ...constant, duration: '59h' } }), []);
  assert.deepEqual(problemsOf({ scenario: { ...constant, duration: '60h' } }), [
    'scenarios.calls.executor: expected at most 4294967295 starts, got 4320000000',
  ]);
  const stages = [
    { duration: '60h', target: 20_000 },
    { duration: '30h', target: 20_000 },
  ];
  const ramping = { ...ofArrival, executor: 'ramping-arrival-rate', duration: undefined, stages };
  assert.deepEqual(problemsOf({ scenario: ramping }), [
    'scenarios.calls.executor: expected at most 4294967295 starts, got 4320000000',
  ]);
});

it('refuses more iterations of all virtual users than could ever be dropped', () => {
  const scenario = { executor: 'per-vu-iterations', vus: 1000, duration: undefined };
  assert.deepEqual(problemsOf({ scenario: { ...scenario, iterations: 10_000 } }), []);
  assert.deepEqual(problemsOf({ scenario: { ...scenario, iterations: 10_001 } }), [
    'scenarios.calls.iterations: expected vus times iterations to be at most 10000000, got 10001000',
  ]);
});
