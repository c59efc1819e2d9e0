import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { plannedSlices, plannedVus } from '../../src/run/conclude.ts';
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

describe('plannedSlices', () => {
  const schedule = { startAtMs: 0, endAtMs: 60_000, lanes: 4, windows: 6, windowMs: 10_000 };
  const abort = { metric: 'mcp_failures', expression: 'rate<0.5', over: 'run', observed: 1 } as const;
  const slices = (committed: number) => [
    ...Array.from({ length: committed }, () => ({ state: 'committed' as const })),
    ...Array.from({ length: 24 - committed }, () => ({ state: 'lost' as const })),
  ];

  it('counts all slices, even if a person stopped the run', () => {
    assert.equal(plannedSlices(schedule, undefined, slices(5)), 24);
  });

  it('counts the slices of the windows that had begun when the run was aborted', () => {
    assert.equal(plannedSlices(schedule, { ...abort, atSeconds: 5 }, slices(3)), 4);
    assert.equal(plannedSlices(schedule, { ...abort, atSeconds: 10 }, slices(8)), 8);
    assert.equal(plannedSlices(schedule, { ...abort, atSeconds: 70 }, slices(8)), 24);
  });

  it('also counts slices of the next window that were already waiting', () => {
    assert.equal(plannedSlices(schedule, { ...abort, atSeconds: 9.9 }, slices(8)), 8);
  });
});
