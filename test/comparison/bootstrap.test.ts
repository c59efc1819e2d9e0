import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { autocorrelationFactor, smallSampleFactor } from '../../src/comparison/bootstrap.ts';

describe('smallSampleFactor', () => {
  it('matches printed tables of Student’s t and the normal distribution', () => {
    // [clusters, confidence, t with clusters - 1 degrees of freedom, normal], two-sided.
    const table = [
      [5, 0.95, 2.7764, 1.96],
      [5, 0.9, 2.1318, 1.6449],
      [5, 0.99, 4.6041, 2.5758],
      [5, 0.999, 8.6103, 3.2905],
      [10, 0.95, 2.2622, 1.96],
      [20, 0.5, 0.6876, 0.6745],
      [20, 0.95, 2.093, 1.96],
      [20, 0.999, 3.8834, 3.2905],
    ] as const;
    for (const [clusters, confidence, t, normal] of table) {
      const expected = (Math.sqrt(clusters / (clusters - 1)) * t) / normal;
      const got = smallSampleFactor(clusters, confidence);
      assert.ok(Math.abs(got / expected - 1) < 0.02, `${clusters} clusters at ${confidence}: ${got}, not ${expected}`);
    }
  });
});

describe('autocorrelationFactor', () => {
  it('is above 1 for batches that are like their neighbours, not for others, and has a limit', () => {
    assert.equal(autocorrelationFactor([0, 0, 0]), 1);
    assert.equal(autocorrelationFactor([1, -1, 1, -1, 1, -1]), 1);
    const slope = Array.from({ length: 20 }, (_, at) => at - 9.5);
    assert.ok(autocorrelationFactor(slope) > 2.5);
    assert.ok(autocorrelationFactor(Array.from({ length: 1000 }, (_, at) => at - 499.5)) <= 3.0001);
  });
});
