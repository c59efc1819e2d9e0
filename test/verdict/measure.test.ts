import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { nearestRank, quantile } from '../../src/summary/percentiles.ts';
import { exactSpread } from '../../src/verdict/measure.ts';

const arrays = fc.array(
  fc.uint32Array({ maxLength: 30 }).map((values) => values.sort()),
  { minLength: 1, maxLength: 5 },
);

it('exactSpread has the quantiles and the mean of several arrays, as if they were sorted together', () => {
  fc.assert(
    fc.property(arrays, fc.double({ min: 0, max: 1, noNaN: true }), (all, q) => {
      const together = Uint32Array.from(all.flatMap((each) => [...each])).sort();
      const spread = exactSpread(all);
      assert.equal(spread.count, together.length);
      if (together.length === 0) return;
      for (const wanted of [0, q, 0.5, 0.95, 1]) {
        assert.equal(spread.atRank(nearestRank(together.length, wanted)), quantile(together, wanted));
      }
      const sum = together.reduce((total, value) => total + value, 0);
      assert.ok(Math.abs(spread.mean() - sum / together.length) <= 1e-6 * Math.max(1, spread.mean()));
    }),
  );
});
