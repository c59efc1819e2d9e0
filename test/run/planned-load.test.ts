import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { plannedVus } from '../../src/run/conclude.ts';
import { aPlan } from '../support/a-plan.ts';

describe('plannedVus', () => {
  const STEPS = { target: 'web', steps: [{ tool: 'look' }] };
  const plan = aPlan({
    plan: {
      scenarios: {
        steady: { ...STEPS, executor: 'constant-vus', vus: 3, duration: '10s' },
        arrive: { ...STEPS, executor: 'constant-arrival-rate', rate: 1, duration: '10s', preAllocatedVUs: 5 },
        climb: {
          ...STEPS,
          executor: 'ramping-vus',
          stages: [
            { duration: '5s', target: 4 },
            { duration: '5s', target: 6 },
            { duration: '0s', target: 9 },
          ],
        },
      },
    },
  });

  it('counts virtual users that have work whatever the target does', () => {
    assert.equal(plannedVus(plan, []), 3 + 4);
  });

  it('adds virtual users that did start, each once', () => {
    // 0 to 2 must start; 3 to 7 start on demand; 8 to 11 are active throughout the second stage.
    assert.equal(plannedVus(plan, [0]), 7);
    assert.equal(plannedVus(plan, [0, 4, 8]), 8);
    assert.equal(plannedVus(plan, [12, 16]), 9);
  });
});
