import assert from 'node:assert/strict';
import { it } from 'node:test';
import { layoutOf, segmentsOf, sliceOf } from '../../src/plan/slices.ts';
import { aPlan } from '../support/a-plan.ts';
import { beginningsOf, drive, RUN_START_MS } from './drive.ts';

it('runs several scenarios, together or staggered, each in its own time', async () => {
  const load = { target: 'web', steps: [{ tool: 'look' }] };
  const plan = aPlan({
    plan: {
      scenarios: {
        first: { ...load, executor: 'constant-vus', vus: 1, duration: '2s' },
        beside: { ...load, executor: 'constant-arrival-rate', rate: 1, duration: '2s', preAllocatedVUs: 1 },
        after: { ...load, executor: 'shared-iterations', vus: 1, iterations: 2, startTime: '2s' },
        last: { ...load, executor: 'ramping-vus', startTime: '5s', stages: [{ duration: '2s', target: 2 }] },
      },
    },
  });
  const slice = sliceOf(layoutOf(plan, { vusPerLane: 1e9, ratePerLane: 1e9, windowMs: 1e12 }), RUN_START_MS, 0, 0);
  const driven = await Promise.all(segmentsOf(plan, slice).map((share) => drive(share, { callMs: 1000 })));
  assert.deepEqual(driven.map(beginningsOf), [
    { 0: [0, 1000] },
    { 1: [0, 1000] },
    { 2: [2000, 3000] },
    { 3: [5500, 6500], 4: [6500] },
  ]);
});
