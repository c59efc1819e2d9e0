import fc from 'fast-check';
import type { Plan } from '../../src/plan/plan-schema.ts';
import { type Layout, type ScenarioSegment, type Sizing, segmentsOf, sliceOf } from '../../src/plan/slices.ts';
import { aPlan } from '../support/a-plan.ts';

/** Microseconds as a plan writes a duration. */
const written = (us: number) => `${us / 1000}ms`;
const anyDuration = fc.integer({ min: 1_000_000, max: 5_000_000 }).map(written);
const anyVus = fc.integer({ min: 1, max: 12 });
const anyRate = fc.integer({ min: 1, max: 400 }).map((tenths) => tenths / 10);
const anyTimeUnit = fc.constantFrom('1s', '700ms', '1m');
const anyIterations = fc.integer({ min: 1, max: 30 });
const anyLength = fc.constantFrom(0, 1, 333_333, 1_000_000, 2_500_000).map(written);

/** Stages that last, and whose targets are not all 0. */
function anyStages(target: fc.Arbitrary<number>) {
  const stage = fc.record({ duration: anyLength, target });
  const lasting = fc.record({ duration: anyDuration, target: target.filter((level) => level > 0) });
  return fc.tuple(fc.array(stage, { maxLength: 4 }), lasting).map(([stages, last]) => [...stages, last]);
}

const anyExecutor = fc.oneof(
  fc.record({ executor: fc.constant('constant-vus'), vus: anyVus, duration: anyDuration }),
  fc.record({ executor: fc.constant('ramping-vus'), startVUs: fc.nat(5), stages: anyStages(fc.nat(12)) }),
  fc.record({
    executor: fc.constant('constant-arrival-rate'),
    rate: anyRate,
    timeUnit: anyTimeUnit,
    duration: anyDuration,
    preAllocatedVUs: anyVus,
  }),
  fc.record({
    executor: fc.constant('ramping-arrival-rate'),
    startRate: anyRate,
    timeUnit: anyTimeUnit,
    stages: anyStages(fc.nat(400).map((tenths) => tenths / 10)),
    preAllocatedVUs: anyVus,
  }),
  fc.record({
    executor: fc.constantFrom('per-vu-iterations', 'shared-iterations'),
    vus: anyVus,
    iterations: anyIterations,
    maxDuration: anyDuration,
  }),
);

/** Plans of some scenarios of any executors, started at any microsecond. */
export const anyPlan: fc.Arbitrary<Plan> = fc
  .array(fc.tuple(anyExecutor, fc.nat(4_000_000).map(written)), { minLength: 1, maxLength: 4 })
  .map((list) => {
    const scenarios = list.map(([keys, startTime], index) => [
      `s${index}`,
      { target: 'web', steps: [{ tool: 'look' }], startTime, ...keys },
    ]);
    return aPlan({ plan: { scenarios: Object.fromEntries(scenarios) } });
  });

export const anySizing: fc.Arbitrary<Sizing> = fc.record({
  vusPerLane: fc.integer({ min: 1, max: 20 }),
  ratePerLane: fc.integer({ min: 1, max: 200 }),
  windowMs: fc.integer({ min: 500, max: 12_000 }),
});

/** Knows no limits, so that everything is one slice. */
export const ONE_SLICE: Sizing = { vusPerLane: 1e9, ratePerLane: 1e9, windowMs: 1e12 };

/** The slices of a run. */
export function slicesOf(layout: Layout, runStartMs: number) {
  return Array.from({ length: layout.windows }, (_, window) =>
    Array.from({ length: layout.lanes }, (_, lane) => sliceOf(layout, runStartMs, lane, window)),
  ).flat();
}

/** The segments of all slices of a run. */
export function allSegments(plan: Plan, layout: Layout, runStartMs: number): ScenarioSegment[] {
  return slicesOf(layout, runStartMs).flatMap((slice) => segmentsOf(plan, slice));
}
