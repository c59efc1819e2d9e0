import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  emptyHistogram,
  nearestRank,
  type Percentiles,
  percentilesOf,
  quantile,
  readHistogram,
  writeHistogram,
} from '../../src/summary/percentiles.ts';

const anyValues = fc
  .array(fc.nat(0xffff_fffe), { minLength: 1, maxLength: 300 })
  .map((list) => Uint32Array.from(list).sort());

describe('quantile', () => {
  it('is the least value that at least the fraction of all values do not exceed', () => {
    fc.assert(
      fc.property(anyValues, fc.integer({ min: 0, max: 1000 }), (values, perMille) => {
        const found = quantile(values, perMille / 1000);
        const upTo = (limit: number) => values.filter((value) => value <= limit).length;
        assert.ok(values.includes(found));
        assert.ok(upTo(found) * 1000 >= perMille * values.length);
        const below = values.filter((value) => value < found).length;
        assert.ok(found === values[0] || below * 1000 < perMille * values.length);
      }),
    );
  });

  it('does not round a rank up because of binary fractions, at any size', () => {
    // 0.07 * 100 is 7.000000000000001.
    const hundred = Uint32Array.from({ length: 100 }, (_, index) => index + 1);
    assert.equal(quantile(hundred, 0.07), 7);
    const many = new Uint32Array(30_000_000);
    for (let index = 0; index < many.length; index++) many[index] = index + 1;
    for (let perMille = 1; perMille < 1000; perMille++) {
      assert.equal(quantile(many, perMille / 1000), perMille * 30_000);
      assert.equal(quantile(many, perMille / 10 / 100), perMille * 30_000);
    }
  });
});

describe('nearestRank', () => {
  it('is from 1 to the count', () => {
    assert.deepEqual([nearestRank(5, 0), nearestRank(5, 0.2), nearestRank(5, 0.21), nearestRank(5, 1)], [1, 1, 2, 5]);
  });
});

describe('percentilesOf', () => {
  it('gives each figure its own value of the same thousand latencies', () => {
    const latencies = Uint32Array.from({ length: 1000 }, (_, index) => (index + 1) * 1000);
    assert.deepEqual(percentilesOf(latencies), {
      min: 1,
      mean: 500.5,
      p50: 500,
      p75: 750,
      p90: 900,
      p95: 950,
      p99: 990,
      p999: 999,
      max: 1000,
    });
  });

  it('gives milliseconds of microseconds, of other units on request, and null without values', () => {
    assert.equal(percentilesOf(new Uint32Array()), null);
    const one = percentilesOf(Uint32Array.of(1500));
    const all = { p50: 1.5, p75: 1.5, p90: 1.5, p95: 1.5, p99: 1.5, p999: 1.5 };
    assert.deepEqual(one, { min: 1.5, mean: 1.5, ...all, max: 1.5 });
    assert.equal(percentilesOf(Uint32Array.of(1500), 1)?.p50, 1500);
  });

  it('gives percentiles in ascending order', () => {
    fc.assert(fc.property(anyValues, (values) => inOrder(percentilesOf(values) as Percentiles)));
  });
});

function inOrder({ min, p50, p75, p90, p95, p99, p999, max }: Percentiles): boolean {
  const values = [min, p50, p75, p90, p95, p99, p999, max];
  return values.every((value, index) => index === 0 || (values[index - 1] as number) <= value);
}

describe('a histogram', () => {
  it('has the same quantiles before and after it was stored, within 1 %', () => {
    fc.assert(
      fc.property(anyValues, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const histogram = emptyHistogram();
        for (const value of values) histogram.recordValue(value);
        const found = histogram.getValueAtPercentile(q * 100);
        assert.equal(readHistogram(writeHistogram(histogram)).getValueAtPercentile(q * 100), found);
        const exact = quantile(values, q);
        assert.ok(Math.abs(found - exact) <= exact * 0.01 + 1, `${found} ${exact}`);
      }),
      { numRuns: 25 },
    );
  });
});
