import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Layout, layoutOf, planExtent, sharesOf, sliceOf } from '../../src/plan/slices.ts';
import { aPlan } from '../support/a-plan.ts';

const START_MS = 1_800_000_000_000;

const anyPlan = fc
  .array(
    fc.record({
      vus: fc.integer({ min: 1, max: 12 }),
      durationMs: fc.integer({ min: 1000, max: 5000 }),
      startMs: fc.nat(4000),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((list) => {
    const scenarios = list.map(({ vus, durationMs, startMs }, index) => [
      `s${index}`,
      {
        target: 'web',
        executor: 'constant-vus',
        vus,
        duration: `${durationMs}ms`,
        startTime: `${startMs}ms`,
        steps: [{ tool: 'look' }],
      },
    ]);
    return aPlan({ plan: { scenarios: Object.fromEntries(scenarios) } });
  });
const anySizing = fc.record({
  vusPerLane: fc.integer({ min: 1, max: 20 }),
  windowMs: fc.integer({ min: 500, max: 12_000 }),
});

function slicesOf(layout: Layout) {
  return Array.from({ length: layout.windows }, (_, window) =>
    Array.from({ length: layout.lanes }, (_, lane) => sliceOf(layout, START_MS, lane, window)),
  ).flat();
}

describe('the slices of a plan', () => {
  it('are together exactly the plan: every virtual user for all of its time, once', () => {
    fc.assert(
      fc.property(anyPlan, anySizing, (plan, sizing) => {
        const shares = slicesOf(layoutOf(plan, sizing)).flatMap((slice) => sharesOf(plan, slice));
        let firstVu = 0;
        for (const [name, { vus, startTime, duration }] of Object.entries(plan.scenarios)) {
          for (let vu = firstVu; vu < firstVu + vus; vu++) {
            const spans = shares.filter((share) => share.name === name && share.vus.includes(vu));
            let endMs = START_MS + startTime;
            for (const { fromMs, toMs } of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
              assert.equal(fromMs, endMs, 'no gap and no overlap');
              endMs = toMs;
            }
            assert.equal(endMs, START_MS + startTime + duration);
          }
          firstVu += vus;
        }
        assert.equal(new Set(shares.flatMap(({ vus }) => vus)).size, planExtent(plan).vus);
      }),
      { numRuns: 60 },
    );
  });

  it('are no bigger than the sizing, and as few as can be', () => {
    fc.assert(
      fc.property(anyPlan, anySizing, (plan, sizing) => {
        const layout = layoutOf(plan, sizing);
        const { vus, durationMs } = planExtent(plan);
        assert.ok((layout.lanes - 1) * sizing.vusPerLane < vus);
        assert.ok((layout.windows - 1) * layout.windowMs < durationMs);
        for (const slice of slicesOf(layout)) {
          const share = sharesOf(plan, slice).reduce((sum, one) => sum + one.vus.length, 0);
          assert.ok(share <= sizing.vusPerLane);
          assert.ok(slice.endAtMs - slice.startAtMs <= sizing.windowMs);
          assert.ok(slice.endAtMs > slice.startAtMs);
        }
        const ids = slicesOf(layout).map(({ sliceId }) => sliceId);
        assert.equal(new Set(ids).size, ids.length);
      }),
      { numRuns: 60 },
    );
  });

  it('give a scenario the same virtual users whatever the number of lanes', () => {
    const two = { target: 'web', executor: 'constant-vus', duration: '10s', steps: [{ tool: 'look' }] };
    const plan = aPlan({ plan: { scenarios: { a: { ...two, vus: 3 }, b: { ...two, vus: 4 } } } });
    for (const vusPerLane of [1, 2, 3, 7]) {
      const shares = slicesOf(layoutOf(plan, { vusPerLane, windowMs: 10_000 })).flatMap((slice) =>
        sharesOf(plan, slice),
      );
      const vusOf = (name: string) =>
        shares
          .filter((share) => share.name === name)
          .flatMap(({ vus }) => vus)
          .toSorted((x, y) => x - y);
      assert.deepEqual(vusOf('a'), [0, 1, 2]);
      assert.deepEqual(vusOf('b'), [3, 4, 5, 6]);
    }
  });

  it('end with the plan, not with the last whole window', () => {
    const plan = aPlan({ scenario: { duration: '7s' } });
    const layout = layoutOf(plan, { vusPerLane: 10, windowMs: 3000 });
    assert.deepEqual(layout, { lanes: 1, windows: 3, windowMs: 3000, durationMs: 7000 });
    const last = sliceOf(layout, START_MS, 0, 2);
    assert.equal(last.sliceId, 'w0002-l0000');
    assert.equal(last.endAtMs - last.startAtMs, 1000);
  });

  it('are one slice when the sizing knows no limit', () => {
    const layout = layoutOf(aPlan(), { vusPerLane: Number.MAX_SAFE_INTEGER, windowMs: Number.MAX_SAFE_INTEGER });
    assert.deepEqual(layout, { lanes: 1, windows: 1, windowMs: 10_000, durationMs: 10_000 });
  });

  it('have no share of a scenario that has not begun or has ended', () => {
    const plan = aPlan({ scenario: { startTime: '5s', duration: '5s' } });
    const layout = layoutOf(plan, { vusPerLane: 1, windowMs: 2500 });
    const shares = slicesOf(layout).map((slice) => sharesOf(plan, slice).length);
    assert.deepEqual(shares, [0, 0, 1, 1]);
  });
});
