import assert from 'node:assert/strict';
import { it } from 'node:test';
import { phaseAt, phasesOf, warmUpPhasesOf } from '../../src/plan/timeline.ts';
import { aPlan } from '../support/a-plan.ts';

const STAGED = {
  target: 'web',
  executor: 'ramping-vus',
  startTime: '1s',
  stages: [
    { duration: '2s', target: 3 },
    { duration: '0s', target: 5 },
    { duration: '3s', target: 5 },
  ],
  steps: [{ tool: 'look' }],
};

function staged(plan: Record<string, unknown>) {
  return aPlan({ plan: { scenarios: { calls: STAGED }, ...plan } });
}

it('cuts a run at the end of its warm-up, and at stages only when a threshold is over stages', () => {
  const thresholds = { mcp_failures: ['rate<1', { threshold: 'rate<0.1', over: 'stage' }] };
  assert.deepEqual(phasesOf(staged({})), []);
  assert.deepEqual(phasesOf(staged({ warmUp: '500ms' })), [500]);
  assert.deepEqual(phasesOf(staged({ thresholds })), [1000, 3000, 6000]);
  assert.deepEqual(phasesOf(staged({ thresholds, warmUp: '4s' })), [1000, 3000, 4000, 6000]);
  assert.deepEqual(phasesOf(staged({ thresholds, warmUp: '3s' })), [1000, 3000, 6000]);
});

it('counts as warm-up every part that ends with it or before', () => {
  const thresholds = { mcp_failures: [{ threshold: 'rate<0.1', over: 'stage' }] };
  assert.equal(warmUpPhasesOf(staged({ thresholds })), 0);
  assert.equal(warmUpPhasesOf(staged({ warmUp: '500ms' })), 1);
  assert.equal(warmUpPhasesOf(staged({ thresholds, warmUp: '4s' })), 3);
  assert.equal(warmUpPhasesOf(staged({ thresholds, warmUp: '3s' })), 2);
});

it('lets a part begin with its cut', () => {
  const at = (ms: number) => phaseAt([1000, 3000], ms);
  assert.deepEqual([-5, 0, 999.999, 1000, 2999.999, 3000, 1e9].map(at), [0, 0, 0, 1, 1, 2, 2]);
  assert.equal(phaseAt([], 5), 0);
});
