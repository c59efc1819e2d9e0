import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { summarizeDurations } from '../../fleet/server-stats.ts';

test('percentiles are nearest ranks', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.deepEqual(summarizeDurations(hundred), {
    min: 1,
    mean: 50.5,
    p50: 50,
    p75: 75,
    p90: 90,
    p95: 95,
    p99: 99,
    max: 100,
  });
  assert.deepEqual(summarizeDurations([5, 1, 3])?.p50, 3);
  assert.deepEqual(summarizeDurations([4, 2])?.p50, 2);
  assert.deepEqual(summarizeDurations([1.23456])?.max, 1.235);
  assert.equal(summarizeDurations([]), null);
});

test('every percentile occurred, and enough durations do not exceed it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1 }), (durationsMs) => {
      const { p50, p75, p90, p95, p99 } = summarizeDurations(durationsMs)!;
      for (const [percent, value] of Object.entries({ 50: p50, 75: p75, 90: p90, 95: p95, 99: p99 })) {
        const notAbove = durationsMs.filter((durationMs) => durationMs <= value).length;
        const below = durationsMs.filter((durationMs) => durationMs < value).length;
        const needed = (Number(percent) * durationsMs.length) / 100;
        assert.ok(durationsMs.includes(value));
        assert.ok(notAbove >= needed && below < needed, `p${percent}`);
      }
    }),
  );
});
