import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { distributionOf } from '../../src/summary/summarise-operations.ts';

it('counts every value in the bin that holds it, and leaves no gap between bins', () => {
  const ranges = fc.constantFrom(1, 5, 40, 1000, 60_000_000);
  const values = ranges.chain((range) => fc.array(fc.nat(range), { minLength: 1, maxLength: 200 }));
  fc.assert(
    fc.property(values, fc.nat(100_000), (list, base) => {
      const sorted = Uint32Array.from(list, (value) => value + base).sort();
      const bins = distributionOf(sorted);
      assert.ok(bins.length >= 1 && bins.length <= 30);
      assert.equal(bins[0]?.fromMs, (sorted[0] as number) / 1000);
      assert.ok((bins[bins.length - 1]?.toMs ?? 0) > (sorted[sorted.length - 1] as number) / 1000);
      for (const [index, { fromMs, toMs, count }] of bins.entries()) {
        assert.ok(toMs > fromMs);
        if (index > 0) assert.equal(fromMs, bins[index - 1]?.toMs);
        assert.equal(count, sorted.filter((us) => us / 1000 >= fromMs && us / 1000 < toMs).length);
      }
    }),
  );
});

it('is one bin for one value, for equal values and for zeros, and none for none', () => {
  assert.deepEqual(distributionOf(new Uint32Array()), []);
  assert.deepEqual(distributionOf(Uint32Array.of(2000)), [{ fromMs: 2, toMs: 2.001, count: 1 }]);
  assert.deepEqual(distributionOf(Uint32Array.of(7000, 7000)), [{ fromMs: 7, toMs: 7.001, count: 2 }]);
  assert.deepEqual(distributionOf(Uint32Array.of(0, 0, 0)), [{ fromMs: 0, toMs: 0.002, count: 3 }]);
});

it('makes no bin narrower than a microsecond', () => {
  const bins = distributionOf(Uint32Array.from({ length: 30 }, (_, index) => index + 1));
  for (const { fromMs, toMs } of bins) assert.ok(toMs - fromMs >= 0.000999, `${fromMs} ${toMs}`);
});
