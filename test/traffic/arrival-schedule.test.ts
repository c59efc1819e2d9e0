import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ArrivalScenario, ScenarioOf } from '../../src/plan/scenario-schema.ts';
import { arrivalSchedule, instantOf, startsBefore } from '../../src/traffic/arrival-schedule.ts';
import { onlySegment } from './drive.ts';

/** The schedule of an arrival scenario with these keys. */
function scheduleOf(scenario: Record<string, unknown>) {
  return arrivalSchedule(onlySegment({ preAllocatedVUs: 1, ...scenario }).scenario as ArrivalScenario);
}

const constant = (rate: number, duration: string, timeUnit = '1s') =>
  scheduleOf({ executor: 'constant-arrival-rate', rate, duration, timeUnit });

const ramping = (
  startRate: number,
  stages: readonly (readonly [duration: string, target: number])[],
  timeUnit = '1s',
) =>
  scheduleOf({
    executor: 'ramping-arrival-rate',
    startRate,
    timeUnit,
    stages: stages.map(([duration, target]) => ({ duration, target })),
  });

const ANY_CONSTANT = onlySegment({
  executor: 'constant-arrival-rate',
  rate: 1,
  duration: '1s',
  preAllocatedVUs: 1,
}).scenario as ScenarioOf<'constant-arrival-rate'>;
const ANY_RAMPING = onlySegment({
  executor: 'ramping-arrival-rate',
  stages: [{ duration: '1s', target: 1 }],
  preAllocatedVUs: 1,
}).scenario as ScenarioOf<'ramping-arrival-rate'>;

const instantsOf = (schedule: ReturnType<typeof scheduleOf>, count: number) =>
  Array.from({ length: count }, (_, k) => instantOf(schedule, k));

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('arrivalSchedule of a constant rate', () => {
  it('has its first start immediately, the others at equal distances, and none at its end', () => {
    assert.deepEqual(instantsOf(constant(4, '1s'), 5), [0, 250, 500, 750, Number.POSITIVE_INFINITY]);
  });

  it('has not one start too many or too few over hours at 20,000 per second', () => {
    const schedule = constant(20_000, '12h');
    const all = 20_000 * 3600 * 12;
    assert.equal(startsBefore(schedule, 12 * HOUR_MS), all);
    assert.equal(instantOf(schedule, all), Number.POSITIVE_INFINITY);
    for (let k = 1; k < all; k = k * 3 + 1) {
      // One start every 50 microseconds, computed from whole numbers.
      assert.equal(instantOf(schedule, k), Math.round(k * 50) / 1000, String(k));
      assert.equal(startsBefore(schedule, (k * 50) / 1000), k);
    }
    assert.equal(instantOf(schedule, all - 1), 12 * HOUR_MS - 0.05);
  });

  it('is exact over thirty days at one per hour', () => {
    const schedule = constant(1, '30d', '1h');
    assert.equal(startsBefore(schedule, 30 * DAY_MS), 720);
    for (let k = 0; k < 720; k++) assert.equal(instantOf(schedule, k), k * HOUR_MS);
  });

  it('has all of its starts and no more at rates that are not binary fractions, also over several stages', () => {
    for (let tenths = 1; tenths < 100; tenths++) {
      for (const seconds of [1, 7, 30, 90, 100, 3600]) {
        for (const timeUnitMs of [1000, 700, 60_000]) {
          const rate = tenths / 10;
          // Whole numbers only, so that the expected sums are exact.
          const expected = (ms: number) => Math.ceil((tenths * ms) / (10 * timeUnitMs));
          const note = `${rate} each ${timeUnitMs} ms for ${seconds} s`;
          const one = arrivalSchedule({ ...ANY_CONSTANT, rate, timeUnit: timeUnitMs, duration: seconds * 1000 });
          assert.equal(startsBefore(one, seconds * 1000), expected(seconds * 1000), note);
          const parts = [seconds * 500, seconds * 500, 1000].map((duration) => ({ duration, target: rate }));
          const silence = [0, 5000].map((duration) => ({ duration, target: 0 }));
          const stages = [...parts, ...silence];
          const many = arrivalSchedule({ ...ANY_RAMPING, startRate: rate, timeUnit: timeUnitMs, stages });
          assert.equal(startsBefore(many, seconds * 1000 + 6000), expected(seconds * 1000 + 1000), note);
        }
      }
    }
  });

  it('has a start in the window that begins at its instant, at rates that are not binary fractions', () => {
    for (const [rate, ms, k] of [
      [1.1, 30_000, 33],
      [1.1, 60_000, 66],
      [2.2, 30_000, 66],
    ] as const) {
      const schedule = constant(rate, '1h');
      assert.equal(instantOf(schedule, k), ms);
      assert.equal(startsBefore(schedule, ms), k);
    }
  });
});

describe('arrivalSchedule of a ramping rate', () => {
  it('has a start whenever the integral of the rate reaches the next whole number', () => {
    // From 0 to 10 a second in 10 s: t²/2 starts before second t.
    const schedule = ramping(0, [['10s', 10]]);
    assert.equal(startsBefore(schedule, 10_000), 50);
    for (let k = 0; k < 50; k++) {
      assert.ok(Math.abs(instantOf(schedule, k) - 1000 * Math.sqrt(2 * k)) < 1e-6, String(k));
    }
  });

  it('mirrors a rising ramp when the rate falls', () => {
    const schedule = ramping(10, [['10s', 0]]);
    assert.equal(startsBefore(schedule, 10_000), 50);
    for (let k = 0; k < 50; k++) {
      assert.ok(Math.abs(instantOf(schedule, k) - (10_000 - 1000 * Math.sqrt(2 * (50 - k)))) < 1e-6, String(k));
    }
  });

  it('continues evenly from one stage to the next, also at a jump', () => {
    assert.deepEqual(
      instantsOf(
        ramping(1, [
          ['2s', 1],
          ['0s', 4],
          ['1s', 4],
          ['0s', 2],
          ['1s', 2],
        ]),
        9,
      ),
      [0, 1000, 2000, 2250, 2500, 2750, 3000, 3500, Number.POSITIVE_INFINITY],
    );
  });

  it('begins when the rate rises above 0, has no start while the rate is 0, and resumes immediately afterwards', () => {
    assert.deepEqual(
      instantsOf(
        ramping(0, [
          ['5s', 0],
          ['0s', 2],
          ['1s', 2],
          ['0s', 0],
          ['1h', 0],
          ['0s', 1],
          ['2s', 1],
        ]),
        5,
      ),
      [5000, 5500, 3_606_000, 3_607_000, Number.POSITIVE_INFINITY],
    );
  });

  it('keeps a fraction of a start while the rate is 0', () => {
    // Half a start is left when the silence begins, so the next comes half a second after its end.
    assert.deepEqual(
      instantsOf(
        ramping(1, [
          ['1500ms', 1],
          ['0s', 0],
          ['10s', 0],
          ['0s', 1],
          ['1500ms', 1],
        ]),
        4,
      ),
      [0, 1000, 12_000, Number.POSITIVE_INFINITY],
    );
  });

  it('is exact at 20,000 per second for an hour and at one per hour for thirty days, with ramps around', () => {
    const fast = ramping(0, [
      ['10m', 20_000],
      ['1h', 20_000],
      ['10m', 0],
    ]);
    const before = (20_000 * 600) / 2;
    assert.equal(startsBefore(fast, 80 * 60_000), before * 2 + 20_000 * 3600);
    for (const k of [0, 1, 7, 12_345, 71_999_999]) {
      assert.ok(Math.abs(instantOf(fast, before + k) - (600_000 + k / 20)) < 1e-5, String(k));
    }
    const slow = ramping(
      0,
      [
        ['10h', 1],
        ['30d', 1],
      ],
      '1h',
    );
    assert.equal(startsBefore(slow, 30 * DAY_MS + 10 * HOUR_MS), 725);
    for (let k = 5; k < 725; k++) assert.equal(instantOf(slow, k), 10 * HOUR_MS + (k - 5) * HOUR_MS);
  });
});

const anySchedule = fc
  .record({
    startRate: fc.integer({ min: 0, max: 400 }),
    stages: fc.array(
      fc.record({ ms: fc.constantFrom<number>(0, 1, 333, 1000, 7777), target: fc.integer({ min: 0, max: 400 }) }),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
    scale: fc.constantFrom(1, 10, 3),
  })
  .filter(({ stages }) => stages.some(({ ms }) => ms > 0))
  .filter(({ startRate, stages }) => startRate > 0 || stages.some(({ target }) => target > 0))
  .map(({ startRate, stages, scale }) => ({
    rates: [startRate, ...stages.map(({ target }) => target)].map((rate) => rate / scale),
    lengths: stages.map(({ ms }) => ms),
  }));

describe('arrivalSchedule of any rates', () => {
  it('has its starts where the integral of the rate says, computed by simple sums', () => {
    fc.assert(
      fc.property(anySchedule, ({ rates, lengths }) => {
        const schedule = ramping(
          rates[0] as number,
          lengths.map((ms, i) => [`${ms}ms`, rates[i + 1] as number]),
        );
        const integralTo = (ms: number) => {
          let area = 0;
          let fromMs = 0;
          for (const [i, length] of lengths.entries()) {
            const x = Math.max(0, Math.min(ms - fromMs, length));
            const [a, b] = [rates[i] as number, rates[i + 1] as number];
            if (length > 0) area += (x * (a + a + ((b - a) * x) / length)) / 2;
            fromMs += length;
          }
          return area / 1000;
        };
        const allMs = lengths.reduce((sum, ms) => sum + ms, 0);
        const count = startsBefore(schedule, allMs);
        assert.ok(count >= integralTo(allMs) - 1e-6 && count < integralTo(allMs) + 1 + 1e-6);
        let lastMs = 0;
        for (let k = 0; k < count; k++) {
          const ms = instantOf(schedule, k);
          assert.ok(ms >= lastMs && ms < allMs);
          assert.ok(Math.abs(integralTo(ms) - k) < 1e-6, `start ${k} at ${ms}`);
          lastMs = ms;
        }
        assert.ok(instantOf(schedule, count) >= allMs);
      }),
      { numRuns: 100 },
    );
  });

  it('counts exactly the starts whose instants come before an instant', () => {
    fc.assert(
      fc.property(anySchedule, fc.array(fc.nat({ max: 30_000_000 })), ({ rates, lengths }, microseconds) => {
        const schedule = ramping(
          rates[0] as number,
          lengths.map((ms, i) => [`${ms}ms`, rates[i + 1] as number]),
        );
        const count = startsBefore(schedule, Number.MAX_SAFE_INTEGER);
        const instants = instantsOf(schedule, count);
        const rightAfter = instants.slice(1, 50).map((ms) => ms * (1 + Number.EPSILON));
        for (const ms of [0, ...microseconds.map((us) => us / 1000), ...instants.slice(0, 50), ...rightAfter]) {
          assert.equal(startsBefore(schedule, ms), instants.filter((instant) => instant < ms).length);
        }
      }),
      { numRuns: 40 },
    );
  });
});
