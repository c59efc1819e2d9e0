import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { instantOf, startsBefore } from '../../src/traffic/arrival-schedule.ts';
import { instantsOf, ramping } from './schedules.ts';

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

describe('any schedule', () => {
  it('has its starts where the integral of the rate says, as simple sums tell', () => {
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

  it('counts before an instant exactly the starts whose instants come before it', () => {
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
