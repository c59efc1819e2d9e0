import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { layoutOf, planExtent, type ScenarioSegment, segmentsOf } from '../../src/plan/slices.ts';
import { isIterationBound, peakRateOf } from '../../src/plan/timeline.ts';
import { aPlan } from '../support/a-plan.ts';
import { RUN_START_MS } from '../traffic/drive.ts';
import { allSegments, anyPlan, anySizing, ONE_SLICE, slicesOf } from './any-plan.ts';

const START_MS = RUN_START_MS;
/** Epoch milliseconds are exact to a quarter of a microsecond. */
const EPOCH_MS = 0.0005;

it('makes slices that fit the sizing, and as few lanes and windows as possible', () => {
  fc.assert(
    fc.property(anyPlan, anySizing, (plan, sizing) => {
      const layout = layoutOf(plan, sizing);
      const { vus, peakRate, durationMs } = planExtent(plan);
      const fewer = layout.lanes - 1;
      assert.ok(fewer * sizing.vusPerLane < vus || fewer * sizing.ratePerLane < peakRate);
      assert.ok((layout.windows - 1) * layout.windowMs < durationMs);
      const slices = slicesOf(layout, START_MS);
      assert.equal(slices.length, layout.lanes * layout.windows);
      for (const slice of slices) {
        const segments = segmentsOf(plan, slice);
        assert.ok(segments.reduce((sum, { vus }) => sum + vus.length, 0) <= sizing.vusPerLane);
        assert.ok(slice.endAtMs > slice.startAtMs);
        for (const { fromMs, toMs, scenario } of segments) {
          assert.ok(fromMs >= slice.startAtMs);
          assert.ok(isIterationBound(scenario) || toMs - fromMs <= sizing.windowMs + EPOCH_MS);
        }
      }
      assert.equal(new Set(slices.map(({ sliceId }) => sliceId)).size, slices.length);
    }),
    { numRuns: 100 },
  );
});

it('divides a rate into the lanes it needs, at most one for each virtual user', () => {
  const scenario = {
    executor: 'constant-arrival-rate',
    rate: 1000,
    duration: '10s',
    preAllocatedVUs: 50,
    vus: undefined,
  };
  const plan = aPlan({ scenario });
  assert.equal(peakRateOf(Object.values(plan.scenarios)[0] as ScenarioSegment['scenario']), 1000);
  const lanesFor = (ratePerLane: number) => layoutOf(plan, { vusPerLane: 100, ratePerLane, windowMs: 1e9 }).lanes;
  assert.deepEqual([1000, 999, 250, 1].map(lanesFor), [1, 2, 4, 50]);
});

it('gives a scenario the same virtual users whatever the number of lanes', () => {
  const two = { target: 'web', executor: 'constant-vus', duration: '10s', steps: [{ tool: 'look' }] };
  const plan = aPlan({ plan: { scenarios: { a: { ...two, vus: 3 }, b: { ...two, vus: 4 } } } });
  for (const vusPerLane of [1, 2, 3, 7]) {
    const segments = allSegments(plan, layoutOf(plan, { ...ONE_SLICE, vusPerLane }), START_MS);
    const vusOf = (name: string) =>
      segments
        .filter((segment) => segment.name === name)
        .flatMap(({ vus }) => vus)
        .toSorted((x, y) => x - y);
    assert.deepEqual(vusOf('a'), [0, 1, 2]);
    assert.deepEqual(vusOf('b'), [3, 4, 5, 6]);
  }
});

it('ends the last window with the plan', () => {
  const plan = aPlan({ scenario: { duration: '7s' } });
  const layout = layoutOf(plan, { ...ONE_SLICE, windowMs: 3000 });
  assert.deepEqual(layout, { lanes: 1, windows: 3, windowMs: 3000, durationMs: 7000 });
  const last = slicesOf(layout, START_MS)[2];
  assert.equal(last?.sliceId, 'w0002-l0000');
  assert.equal(last.endAtMs - last.startAtMs, 1000);
});

it('makes one slice when the sizing has no limit', () => {
  const most = Number.MAX_SAFE_INTEGER;
  const layout = layoutOf(aPlan(), { vusPerLane: most, ratePerLane: most, windowMs: most });
  assert.deepEqual(layout, { lanes: 1, windows: 1, windowMs: 10_000, durationMs: 10_000 });
});

it('leaves out scenarios that have not begun or have ended', () => {
  const plan = aPlan({ scenario: { startTime: '5s', duration: '5s' } });
  const layout = layoutOf(plan, { ...ONE_SLICE, windowMs: 2500 });
  const segments = slicesOf(layout, START_MS).map((slice) => segmentsOf(plan, slice).length);
  assert.deepEqual(segments, [0, 0, 1, 1]);
});

it('keeps counted iterations in the window in which they start', () => {
  const steps = [{ tool: 'look' }];
  const plan = aPlan({
    plan: {
      scenarios: {
        counted: {
          target: 'web',
          executor: 'shared-iterations',
          vus: 1,
          iterations: 9,
          maxDuration: '20s',
          startTime: '3s',
          steps,
        },
        timed: { target: 'web', executor: 'constant-vus', vus: 1, duration: '5s', steps },
      },
    },
  });
  const layout = layoutOf(plan, { ...ONE_SLICE, windowMs: 2000 });
  assert.equal(layout.windows, 3, 'no window in which nothing can begin');
  const counted = allSegments(plan, layout, START_MS).filter(({ name }) => name === 'counted');
  assert.deepEqual(
    counted.map(({ window, fromMs, toMs }) => [window, fromMs - START_MS, toMs - START_MS]),
    [[1, 3000, 23_000]],
  );
});
