import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layoutOf, segmentsOf, sliceOf } from '../../src/plan/slices.ts';
import { aPlan } from '../support/a-plan.ts';
import { beginningsOf, drive, onlySegment, RUN_START_MS } from './drive.ts';

describe('runScenario', () => {
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
    const driven = await Promise.all(segmentsOf(plan, slice).map((segment) => drive(segment, { callMs: 1000 })));
    assert.deepEqual(driven.map(beginningsOf), [
      { 0: [0, 1000] },
      { 1: [0, 1000] },
      { 2: [2000, 3000] },
      { 3: [5500, 6500], 4: [6500] },
    ]);
  });
});

describe('the graceful stop', () => {
  const segmentOf = (keys: Record<string, unknown> = {}) =>
    onlySegment({ executor: 'constant-vus', vus: 1, duration: '10s', ...keys });

  it('lasts 30 seconds by default, and not a millisecond longer', async () => {
    const within = await drive(segmentOf(), { callMs: 39_999 });
    assert.deepEqual([within.abortedMs, within.overMs], [[], 39_999]);
    const beyond = await drive(segmentOf(), { callMs: 40_001 });
    assert.deepEqual([beyond.abortedMs, beyond.overMs], [[40_000], 40_000]);
  });

  it('lasts as long as the plan says', async () => {
    const within = await drive(segmentOf({ gracefulStop: '3s' }), { callMs: 12_999 });
    assert.deepEqual([within.abortedMs, within.overMs], [[], 12_999]);
    const beyond = await drive(segmentOf({ gracefulStop: '3s' }), { callMs: 13_001 });
    assert.deepEqual([beyond.abortedMs, beyond.overMs], [[13_000], 13_000]);
    const none = await drive(segmentOf({ gracefulStop: '0s' }), { callMs: Number.POSITIVE_INFINITY });
    assert.deepEqual([none.abortedMs, none.overMs], [[10_000], 10_000]);
    assert.deepEqual([within.cuts, beyond.cuts, none.cuts], [[], ['TMO_GRACEFUL_STOP'], ['TMO_GRACEFUL_STOP']]);
  });

  it('applies to scenarios whose starts come at a rate as well', async () => {
    const rate = { executor: 'constant-arrival-rate', vus: undefined, rate: 1, preAllocatedVUs: 1, gracefulStop: '3s' };
    const driven = await drive(segmentOf(rate), { callMs: Number.POSITIVE_INFINITY });
    assert.deepEqual([driven.abortedMs, driven.overMs, driven.left], [[13_000], 13_000, 0]);
  });

  it('ends two seconds after a stop, and not a millisecond earlier or later', async () => {
    const within = await drive(segmentOf(), { callMs: 3999, stopMs: 2000 });
    assert.deepEqual([within.abortedMs, within.overMs], [[], 3999]);
    const beyond = await drive(segmentOf(), { callMs: 4001, stopMs: 2000 });
    assert.deepEqual([beyond.abortedMs, beyond.overMs, beyond.cuts], [[4000], 4000, ['CLIENT_ABORT']]);
  });

  it('is not prolonged by a stop shortly before its end', async () => {
    const stopped = await drive(segmentOf({ gracefulStop: '3s' }), { callMs: 60_000, stopMs: 11_500 });
    assert.deepEqual([stopped.abortedMs, stopped.cuts], [[13_000], ['CLIENT_ABORT']]);
  });

  it('aborts what virtual users wait for while they end, every five seconds', async () => {
    const { abortedMs, cuts, ended, overMs } = await drive(segmentOf({ gracefulStop: '3s' }), {
      callMs: Number.POSITIVE_INFINITY,
      endMs: Number.POSITIVE_INFINITY,
    });
    assert.deepEqual(ended, [{ vu: 0, atMs: 13_000 }]);
    assert.deepEqual([abortedMs, overMs], [[13_000, 18_000], 18_000]);
    assert.deepEqual(cuts, ['TMO_GRACEFUL_STOP', 'TMO_GRACEFUL_STOP']);
    const quick = await drive(segmentOf({ gracefulStop: '3s' }), { callMs: Number.POSITIVE_INFINITY, endMs: 4999 });
    assert.deepEqual([quick.abortedMs, quick.overMs], [[13_000], 17_999]);
  });

  it('aborts what virtual users wait for while they end twice a second after a stop, whenever the stop comes', async () => {
    const stuck = { callMs: Number.POSITIVE_INFINITY, endMs: Number.POSITIVE_INFINITY };
    const early = await drive(segmentOf(), { ...stuck, stopMs: 2000 });
    assert.deepEqual([early.abortedMs, early.overMs], [[4000, 4500], 4500]);
    const late = await drive(segmentOf({ gracefulStop: '3s' }), { ...stuck, stopMs: 14_000 });
    assert.deepEqual([late.abortedMs, late.overMs], [[13_000, 14_500], 14_500]);
  });
});
