import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { layoutOf, planExtent, type ScenarioSegment } from '../../src/plan/slices.ts';
import { durationOf, isArrival, isIterationBound, maxVusOf } from '../../src/plan/timeline.ts';
import { arrivalSchedule, instantOf, segmentStarts, startsBefore } from '../../src/traffic/arrival-schedule.ts';
import { activeTimes } from '../../src/traffic/ramping-vus.ts';
import { aPlan } from '../support/a-plan.ts';
import { drive, RUN_START_MS } from '../traffic/drive.ts';
import { allSegments, anyPlan, anySizing, ONE_SLICE } from './any-plan.ts';

const START_MS = RUN_START_MS;
/** Epoch milliseconds are exact to a quarter of a microsecond. */
const EPOCH_MS = 0.0005;

/** Adds up spans that meet; asserts that none overlap. */
function joined(spans: readonly { readonly fromMs: number; readonly toMs: number }[]) {
  const all: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = all.at(-1);
    if (last !== undefined && fromMs - last.toMs < EPOCH_MS) {
      assert.ok(fromMs - last.toMs > -EPOCH_MS, 'no overlap');
      last.toMs = toMs;
    } else all.push({ fromMs, toMs });
  }
  return all;
}

/** When a segment has one of its virtual users at work, where the plan sets that. */
function spansIn(segment: ScenarioSegment, vu: number) {
  const { scenario, scenarioStartMs, firstVu, fromMs, toMs } = segment;
  if (scenario.executor !== 'ramping-vus') return [{ fromMs, toMs }];
  const window = { fromMs: fromMs - scenarioStartMs, toMs: toMs - scenarioStartMs };
  return activeTimes(scenario, vu - firstVu, window).map((span) => ({
    fromMs: scenarioStartMs + span.fromMs,
    toMs: scenarioStartMs + span.toMs,
  }));
}

it('covers every virtual user for its whole time exactly once', () => {
  fc.assert(
    fc.property(anyPlan, anySizing, (plan, sizing) => {
      const segments = allSegments(plan, layoutOf(plan, sizing), START_MS);
      const whole = allSegments(plan, layoutOf(plan, ONE_SLICE), START_MS);
      let firstVu = 0;
      for (const [name, scenario] of Object.entries(plan.scenarios)) {
        const mine = segments.filter((segment) => segment.name === name);
        const only = whole.filter((segment) => segment.name === name);
        assert.equal(only.length, 1);
        assert.ok(
          Math.abs((only[0] as ScenarioSegment).toMs - (only[0] as ScenarioSegment).fromMs - durationOf(scenario)) <
            EPOCH_MS,
        );
        for (let vu = firstVu; vu < firstVu + maxVusOf(scenario); vu++) {
          const spansOf = (list: ScenarioSegment[]) =>
            joined(list.filter(({ vus }) => vus.includes(vu)).flatMap((segment) => spansIn(segment, vu)));
          const [spans, expected] = [spansOf(mine), spansOf(only)];
          assert.equal(spans.length, expected.length);
          for (const [i, { fromMs, toMs }] of expected.entries()) {
            assert.ok(Math.abs((spans[i]?.fromMs ?? 0) - fromMs) < EPOCH_MS);
            assert.ok(Math.abs((spans[i]?.toMs ?? 0) - toMs) < EPOCH_MS);
          }
        }
        firstVu += maxVusOf(scenario);
      }
      assert.equal(new Set(segments.flatMap(({ vus }) => vus)).size, planExtent(plan).vus);
    }),
    { numRuns: 100 },
  );
});

it('covers every start exactly once, in the slice whose time it falls into', () => {
  fc.assert(
    fc.property(anyPlan, anySizing, (plan, sizing) => {
      const segments = allSegments(plan, layoutOf(plan, sizing), START_MS);
      for (const [name, scenario] of Object.entries(plan.scenarios)) {
        if (!isArrival(scenario)) continue;
        const schedule = arrivalSchedule(scenario);
        const made: number[] = [];
        for (const segment of segments.filter((one) => one.name === name)) {
          const starts = segmentStarts(schedule, segment);
          const before = made.length;
          for (let k = starts.first; k < starts.end; k += starts.step) {
            const atMs = segment.scenarioStartMs + instantOf(schedule, k);
            assert.ok(atMs > segment.fromMs - EPOCH_MS && atMs < segment.toMs + EPOCH_MS);
            assert.equal(k % segment.laneCount, segment.laneIndex);
            made.push(k);
          }
          assert.equal(countStarts(starts), made.length - before);
        }
        const all = startsBefore(schedule, durationOf(scenario));
        assert.deepEqual(
          made.toSorted((a, b) => a - b),
          Array.from({ length: all }, (_, k) => k),
        );
      }
    }),
    { numRuns: 100 },
  );
});

it('loses no start to rounding when starts are a nanosecond apart', () => {
  const keys = { rate: 1_000_000, timeUnit: '1ms', duration: '1000.003ms', startTime: '0.007ms' };
  const scenario = { executor: 'constant-arrival-rate', ...keys, preAllocatedVUs: 3, vus: undefined };
  const plan = aPlan({ scenario });
  for (const windowMs of [333, 500, 1e9]) {
    const segments = allSegments(plan, layoutOf(plan, { ...ONE_SLICE, ratePerLane: 4e8, windowMs }), START_MS);
    const counts = segments.map((segment) => {
      const { scenario } = segment;
      return isArrival(scenario) ? countStarts(segmentStarts(arrivalSchedule(scenario), segment)) : 0;
    });
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      1_000_003_000,
      String(windowMs),
    );
  }
});

it('begins or drops the same starts and iterations at the same instants, however the plan is divided', async () => {
  await fc.assert(
    fc.asyncProperty(anyPlan, anySizing, async (plan, sizing) => {
      const runAll = async (segments: ScenarioSegment[]) => {
        const counted = segments.filter(({ scenario }) => isArrival(scenario) || isIterationBound(scenario));
        const driven = await Promise.all(counted.map((segment) => drive(segment, { callMs: 3 })));
        const lines = driven.flatMap(({ begun, dropped, counts }, at) => {
          const { name, scenario } = counted[at] as ScenarioSegment;
          assert.equal(counts.planned, begun.length + dropped.length);
          const instant = (atMs: number) => (isArrival(scenario) ? ` at ${atMs.toFixed(3)}` : '');
          return [
            ...begun.map(({ number, ordinal, atMs }) => `${name} ${number} ${ordinal}${instant(atMs)}`),
            ...dropped.map(({ number, ordinal }) => `${name} ${number} ${ordinal} dropped`),
          ];
        });
        return lines.toSorted();
      };
      const lanes = await runAll(allSegments(plan, layoutOf(plan, sizing), START_MS));
      assert.deepEqual(lanes, await runAll(allSegments(plan, layoutOf(plan, { ...ONE_SLICE }), START_MS)));
      const iterations = Object.values(plan.scenarios).reduce((sum, scenario) => {
        if (isArrival(scenario)) return sum + startsBefore(arrivalSchedule(scenario), durationOf(scenario));
        if (!isIterationBound(scenario)) return sum;
        return sum + scenario.iterations * (scenario.executor === 'per-vu-iterations' ? scenario.vus : 1);
      }, 0);
      assert.equal(lanes.length, iterations);
      assert.equal(
        new Set(
          lanes.map((line) =>
            line
              .split(' ')
              .filter((_, at) => at !== 1)
              .slice(0, 2)
              .join(),
          ),
        ).size,
        iterations,
      );
    }),
    { numRuns: 25 },
  );
});

it('gives closed virtual users the same iterations whatever the number of lanes', async () => {
  await fc.assert(
    fc.asyncProperty(anyPlan, anySizing, async (plan, sizing) => {
      const runAll = async (segments: ScenarioSegment[]) => {
        const closed = segments.filter(({ scenario }) => /-vus$/.test(scenario.executor));
        const driven = await Promise.all(closed.map((segment) => drive(segment, { callMs: 130, thinkMs: 170 })));
        return driven
          .flatMap(({ begun }) => begun.map((one) => JSON.stringify({ ...one, atMs: one.atMs.toFixed(3) })))
          .toSorted();
      };
      const oneWindow = { ...sizing, windowMs: 1e12 };
      assert.deepEqual(
        await runAll(allSegments(plan, layoutOf(plan, oneWindow), START_MS)),
        await runAll(allSegments(plan, layoutOf(plan, ONE_SLICE), START_MS)),
      );
    }),
    { numRuns: 25 },
  );
});

function countStarts({ first, end, step }: ReturnType<typeof segmentStarts>): number {
  return Math.max(0, Math.ceil((end - first) / step));
}
