import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import {
  emptyHistogram,
  type Percentiles,
  percentilesOf,
  quantile,
  readHistogram,
} from '../../src/summary/percentiles.ts';

const anyValues = fc
  .array(fc.nat(0xffff_fffe), { minLength: 1, maxLength: 300 })
  .map((list) => Uint32Array.from(list).sort());

function inOrder({ min, p50, p75, p90, p95, p99, p999, max }: Percentiles): boolean {
  const values = [min, p50, p75, p90, p95, p99, p999, max];
  return values.every((value, index) => index === 0 || (values[index - 1] as number) <= value);
}

it('is the least value that at least the share of all do not exceed', () => {
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

it('rounds no rank up for the fractions that binary numbers cannot hold, at any size', () => {
  // 0.07 * 100 is 7.000000000000001.
  assert.equal(
    quantile(
      Uint32Array.from({ length: 100 }, (_, index) => index + 1),
      0.07,
    ),
    7,
  );
  const many = new Uint32Array(30_000_000);
  for (let index = 0; index < many.length; index++) many[index] = index + 1;
  for (let perMille = 1; perMille < 1000; perMille++) {
    assert.equal(quantile(many, perMille / 1000), perMille * 30_000);
    assert.equal(quantile(many, perMille / 10 / 100), perMille * 30_000);
  }
});

it('gives milliseconds of microseconds, and nothing of nothing', () => {
  assert.equal(percentilesOf(new Uint32Array()), null);
  const one = percentilesOf(Uint32Array.of(1500));
  assert.deepEqual(one, { min: 1.5, mean: 1.5, p50: 1.5, p75: 1.5, p90: 1.5, p95: 1.5, p99: 1.5, p999: 1.5, max: 1.5 });
  fc.assert(fc.property(anyValues, (values) => inOrder(percentilesOf(values) as Percentiles)));
});

it('says of a histogram the same before and after it was stored, within 1 %', () => {
  fc.assert(
    fc.property(anyValues, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
      const histogram = emptyHistogram();
      for (const value of values) histogram.recordValue(value);
      const found = histogram.getValueAtPercentile(q * 100);
      assert.equal(readHistogram(encodeIntoCompressedBase64(histogram)).getValueAtPercentile(q * 100), found);
      const exact = quantile(values, q);
      assert.ok(Math.abs(found - exact) <= exact * 0.01 + 1, `${found} ${exact}`);
    }),
    { numRuns: 25 },
  );
});
