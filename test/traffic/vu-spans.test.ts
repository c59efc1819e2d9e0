import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { type RampingVus, vuSpans } from '../../src/traffic/ramping-vus.ts';

const EVER = { fromMs: 0, toMs: 1e12 };

function ramping(startVUs: number, ...stages: readonly (readonly [durationMs: number, target: number])[]): RampingVus {
  return { startVUs, stages: stages.map(([duration, target]) => ({ duration, target })) };
}

const timesOf = (scenario: RampingVus, place: number, window = EVER) =>
  vuSpans(scenario, place, window).map(({ fromMs, toMs }) => [fromMs, toMs]);

it('has a virtual user at work while the level is half above its place', () => {
  const scenario = ramping(0, [10_000, 10], [5000, 10], [10_000, 0]);
  assert.deepEqual(timesOf(scenario, 0), [[500, 24_500]]);
  assert.deepEqual(timesOf(scenario, 9), [[9500, 15_500]]);
  assert.deepEqual(timesOf(scenario, 10), []);
});

it('follows jumps, and takes two of them at one instant as one', () => {
  const scenario = ramping(1, [1000, 1], [0, 9], [0, 3], [1000, 3], [0, 0], [1000, 0], [0, 2], [1000, 2]);
  assert.deepEqual(timesOf(scenario, 0), [
    [0, 2000],
    [3000, 4000],
  ]);
  assert.deepEqual(timesOf(scenario, 2), [[1000, 2000]]);
  assert.deepEqual(timesOf(scenario, 5), []);
});

it('offsets those who come at the same instant, and nobody who comes alone', () => {
  const offsets = (scenario: RampingVus, window = EVER) =>
    Array.from({ length: 5 }, (_, place) => vuSpans(scenario, place, window).map(({ offsetMs }) => offsetMs));
  assert.deepEqual(offsets(ramping(2, [1000, 2], [0, 4], [1000, 5])), [[0], [20], [0], [20], [0]]);
  assert.deepEqual(offsets(ramping(0, [1000, 4]), { fromMs: 500, toMs: 1000 }), [[0], [20], [0], [0], []]);
  const crowd = Array.from(
    { length: 500 },
    (_, at) => vuSpans(ramping(0, [0, 500], [5000, 500]), at, EVER)[0]?.offsetMs,
  );
  assert.equal(new Set(crowd).size, 500);
  assert.ok(crowd.every((ms) => (ms as number) >= 0 && (ms as number) < 1000));
});

const anyRamping = fc
  .record({
    start: fc.nat(8),
    stages: fc.array(fc.tuple(fc.constantFrom(0, 1, 700, 1000, 3333), fc.nat(8)), { minLength: 1, maxLength: 7 }),
  })
  .filter(({ stages }) => stages.some(([duration]) => duration > 0))
  .map(({ start, stages }) => ramping(start, ...stages));

it('has as many at work at any time as the level says, rounded', () => {
  fc.assert(
    fc.property(
      anyRamping,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 5 }),
      (scenario, times) => {
        const allMs = scenario.stages.reduce((sum, { duration }) => sum + duration, 0);
        for (const ms of times.map((part) => part * allMs)) {
          let fromMs = 0;
          let from = scenario.startVUs;
          let level = 0;
          for (const { duration, target } of scenario.stages) {
            if (ms >= fromMs && ms < fromMs + duration) level = from + ((target - from) * (ms - fromMs)) / duration;
            from = target;
            fromMs += duration;
          }
          // At the instant of a change, to the microsecond, either is right.
          if (Math.abs((level % 1) - 0.5) < 0.01) continue;
          const atWork = Array.from({ length: 9 }, (_, place) => timesOf(scenario, place)).filter((spans) =>
            spans.some(([a, b]) => ms >= (a as number) && ms < (b as number)),
          ).length;
          assert.equal(atWork, Math.round(level), `at ${ms} ms`);
        }
      },
    ),
    { numRuns: 200 },
  );
});

it('is cut by windows into pieces that are together the whole', () => {
  fc.assert(
    fc.property(anyRamping, fc.nat(8), fc.array(fc.nat(20_000), { maxLength: 5 }), (scenario, place, cuts) => {
      const bounds = [0, ...new Set(cuts.filter((cut) => cut > 0).toSorted((a, b) => a - b)), 1e12];
      const joined: number[][] = [];
      for (let i = 0; i + 1 < bounds.length; i++) {
        for (const span of timesOf(scenario, place, { fromMs: bounds[i] as number, toMs: bounds[i + 1] as number })) {
          const last = joined.at(-1);
          if (last !== undefined && last[1] === span[0]) last[1] = span[1] as number;
          else joined.push([...span]);
        }
      }
      assert.deepEqual(joined, timesOf(scenario, place));
    }),
    { numRuns: 200 },
  );
});
