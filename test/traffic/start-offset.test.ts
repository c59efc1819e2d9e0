import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { startOffsetMs } from '../../src/traffic/closed.ts';

it('spreads the virtual users of a run evenly, within a second', () => {
  assert.deepEqual(
    [0, 1, 2].map((vu) => startOffsetMs(vu, 3)),
    [0, 20, 40],
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), (vus) => {
      const offsets = Array.from({ length: vus }, (_, vu) => startOffsetMs(vu, vus));
      assert.equal(new Set(offsets).size, vus);
      assert.ok(offsets.every((ms) => ms >= 0 && ms < 1000));
    }),
    { numRuns: 30 },
  );
});
