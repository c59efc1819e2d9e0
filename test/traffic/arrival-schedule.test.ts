import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { arrivalSchedule, instantOf, startsBefore } from '../../src/traffic/arrival-schedule.ts';
import { ANY_CONSTANT, ANY_RAMPING, constant, instantsOf, ramping } from './schedules.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('a constant rate', () => {
  it('starts at once, then at even distances, and not at its end', () => {
    assert.deepEqual(instantsOf(constant(4, '1s'), 5), [0, 250, 500, 750, Number.POSITIVE_INFINITY]);
  });

  it('of 20,000 a second is exact over hours, to the single start', () => {
    const schedule = constant(20_000, '12h');
    const all = 20_000 * 3600 * 12;
    assert.equal(startsBefore(schedule, 12 * HOUR_MS), all);
    assert.equal(instantOf(schedule, all), Number.POSITIVE_INFINITY);
    for (let k = 1; k < all; k = k * 3 + 1) {
      // One start every 50 microseconds, which Math.round makes of whole numbers.
      assert.equal(instantOf(schedule, k), Math.round(k * 50) / 1000, String(k));
      assert.equal(startsBefore(schedule, (k * 50) / 1000), k);
    }
    assert.equal(instantOf(schedule, all - 1), 12 * HOUR_MS - 0.05);
  });

  it('of one an hour is exact over thirty days', () => {
    const schedule = constant(1, '30d', '1h');
    assert.equal(startsBefore(schedule, 30 * DAY_MS), 720);
    for (let k = 0; k < 720; k++) assert.equal(instantOf(schedule, k), k * HOUR_MS);
  });

  it('of what no binary fraction is makes all of its starts and no more, also over several stages', () => {
    for (let tenths = 1; tenths < 100; tenths++) {
      for (const seconds of [1, 7, 30, 90, 100, 3600]) {
        for (const timeUnitMs of [1000, 700, 60_000]) {
          const rate = tenths / 10;
          // Whole numbers only, so that nothing is lost in the sums that the schedule is held against.
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

  it('of what no binary fraction is starts in the window that begins at its instant', () => {
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

describe('a rate that ramps', () => {
  it('starts whenever the integral of the rate reaches the next whole number', () => {
    // From 0 to 10 a second in 10 s: t²/2 starts before second t.
    const schedule = ramping(0, [['10s', 10]]);
    assert.equal(startsBefore(schedule, 10_000), 50);
    for (let k = 0; k < 50; k++) {
      assert.ok(Math.abs(instantOf(schedule, k) - 1000 * Math.sqrt(2 * k)) < 1e-6, String(k));
    }
  });

  it('mirrors itself when it goes down', () => {
    const schedule = ramping(10, [['10s', 0]]);
    assert.equal(startsBefore(schedule, 10_000), 50);
    for (let k = 0; k < 50; k++) {
      assert.ok(Math.abs(instantOf(schedule, k) - (10_000 - 1000 * Math.sqrt(2 * (50 - k)))) < 1e-6, String(k));
    }
  });

  it('goes on evenly from one stage to the next, also at a jump', () => {
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

  it('begins with the first rate above 0, makes nothing during silence, and resumes right after', () => {
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

  it('carries a part of a start over a silence', () => {
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

  it('is exact at 20,000 a second for an hour and at one an hour for thirty days, with ramps around', () => {
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
