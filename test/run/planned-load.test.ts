import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { plannedSlices, plannedVus } from '../../src/run/conclude.ts';
import { aPlan } from '../support/a-plan.ts';

describe('virtual users that had to start', () => {
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

  it('are those with work whatever the target does', () => {
    assert.equal(plannedVus(plan, []), 3 + 4);
  });

  it('and those that did start, each once', () => {
    // The first is one of three that must; 3 to 7 arrive on demand; 8 to 11 are there throughout the second stage.
    assert.equal(plannedVus(plan, [0]), 7);
    assert.equal(plannedVus(plan, [0, 4, 8]), 8);
    assert.equal(plannedVus(plan, [12, 16]), 9);
  });
});

describe('slices that had to run', () => {
  const schedule = { startAtMs: 0, endAtMs: 60_000, lanes: 4, windows: 6, windowMs: 10_000 };
  const abort = { metric: 'mcp_failures', expression: 'rate<0.5', over: 'run', observed: 1 } as const;
  const slices = (spoken: number) => [
    ...Array.from({ length: spoken }, () => ({ state: 'committed' as const })),
    ...Array.from({ length: 24 - spoken }, () => ({ state: 'lost' as const })),
  ];

  it('are all, also of a run that a person stopped', () => {
    assert.equal(plannedSlices(schedule, undefined, slices(5)), 24);
  });

  it('are those of the windows that had begun when the run ended itself', () => {
    assert.equal(plannedSlices(schedule, { ...abort, atSeconds: 5 }, slices(3)), 4);
    assert.equal(plannedSlices(schedule, { ...abort, atSeconds: 10 }, slices(8)), 8);
    assert.equal(plannedSlices(schedule, { ...abort, atSeconds: 70 }, slices(8)), 24);
  });

  it('and more when those of the next window were waiting already', () => {
    assert.equal(plannedSlices(schedule, { ...abort, atSeconds: 9.9 }, slices(8)), 8);
  });
});
