import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fence } from '../../src/traffic/fence.ts';
import { drive, onlySegment } from './drive.ts';

describe('a fence', () => {
  it('allows load until its last proof is too old, and says why it is down', () => {
    const fence = new Fence(1000, 500, 'no proof');
    assert.deepEqual([fence.allows(1500), fence.reason, fence.signal.aborted], [true, undefined, false]);
    fence.prove(1400, 1450);
    assert.equal(fence.allows(1900), true);
    fence.prove(1200, 1900);
    assert.equal(fence.untilMs, 1900, 'an older proof shortened the time');
    assert.deepEqual([fence.allows(1900.001), fence.reason, fence.signal.aborted], [false, 'no proof', true]);
    fence.trip('another reason');
    assert.equal(fence.reason, 'no proof');
  });

  it('stays down, also for a proof that began before it came down', () => {
    const fence = new Fence(1000, 500, 'no proof');
    fence.prove(1499, 1501);
    assert.deepEqual([fence.allows(1501), fence.reason], [false, 'no proof']);
    const tripped = new Fence(1000, 500, 'no proof');
    tripped.trip('superseded');
    tripped.prove(1100, 1101);
    assert.deepEqual([tripped.allows(1102), tripped.reason], [false, 'superseded']);
  });

  it('never allows load later after a proof than the proof lasts, whatever comes in whatever order', () => {
    const step = fc.record({ passMs: fc.integer({ min: 0, max: 400 }), provenAgoMs: fc.integer({ min: 0, max: 600 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let nowMs = 0;
        let latestProofMs = 0;
        const fence = new Fence(0, 500, 'no proof');
        let wasDown = false;
        for (const { passMs, provenAgoMs } of steps) {
          nowMs += passMs;
          fence.prove(nowMs - provenAgoMs, nowMs);
          latestProofMs = Math.max(latestProofMs, nowMs - provenAgoMs);
          const allowed = fence.allows(nowMs);
          if (allowed) assert.ok(!wasDown && nowMs - latestProofMs <= 500);
          wasDown ||= !allowed;
        }
      }),
    );
  });
});

describe('an executor behind a fence', () => {
  const executors: readonly Record<string, unknown>[] = [
    { executor: 'constant-vus', vus: 3, duration: '10s' },
    { executor: 'ramping-vus', startVUs: 3, stages: [{ duration: '10s', target: 5 }] },
    { executor: 'constant-arrival-rate', rate: 10, duration: '10s', preAllocatedVUs: 3 },
    { executor: 'ramping-arrival-rate', startRate: 10, preAllocatedVUs: 3, stages: [{ duration: '10s', target: 20 }] },
    { executor: 'per-vu-iterations', vus: 3, iterations: 50, maxDuration: '10s' },
    { executor: 'shared-iterations', vus: 3, iterations: 150, maxDuration: '10s' },
  ];
  for (const scenario of executors) {
    it(`${scenario.executor} begins nothing after the fence, and drops nothing that is no longer its own`, async () => {
      const driven = await drive(onlySegment(scenario), { callMs: 100, thinkMs: 50, fenceMs: 3000 });
      assert.ok(driven.begun.length > 20);
      assert.deepEqual(
        driven.begun.filter(({ atMs }) => atMs > 3000),
        [],
      );
      assert.deepEqual([driven.dropped, driven.left], [[], 0]);
      assert.ok(driven.overMs < 3200, `over after ${driven.overMs} ms`);
    });

    it(`${scenario.executor} begins nothing if all its timers fire a minute late`, async () => {
      const driven = await drive(onlySegment(scenario), { callMs: 100, fenceMs: 3000, oversleepMs: 60_000 });
      assert.deepEqual(
        driven.begun.filter(({ atMs }) => atMs > 3000),
        [],
      );
      assert.deepEqual([driven.dropped, driven.left], [[], 0]);
    });
  }
});
