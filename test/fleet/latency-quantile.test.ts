import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { latencyQuantile } from '../../fleet/latency.ts';
import { type LatencyPercentilesMs, measuredLatencyMs } from '../../fleet/measured.ts';

const probabilities = [0, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 1];
const measured = Object.entries(measuredLatencyMs).flatMap(([server, operations]) =>
  Object.entries(operations).map(([operation, figures]) => ({ name: `${server}:${operation}`, figures })),
);
const figures = fc
  .array(fc.double({ min: 0.5, max: 60_000, noNaN: true }), { minLength: 8, maxLength: 8 })
  .map((values) => values.sort((a, b) => a - b) as unknown as LatencyPercentilesMs);
const probability = fc.double({ min: 0, max: 1, noNaN: true });

test('the curve runs through every measured percentile', () => {
  assert.equal(measured.length, 27);
  for (const { name, figures } of measured) {
    assert.deepEqual(
      probabilities.map((p) => latencyQuantile(figures, p)),
      [...figures],
      name,
    );
  }
});

test('it never falls and never leaves minimum and maximum, whatever the figures', () => {
  fc.assert(
    fc.property(figures, probability, probability, (ms, one, other) => {
      const low = latencyQuantile(ms, Math.min(one, other));
      const high = latencyQuantile(ms, Math.max(one, other));
      assert.ok(low <= high * (1 + 1e-12), `${low} above ${high}`);
      assert.ok(low >= ms[0] && high <= ms[7]);
    }),
  );
});

test('halfway in probability is the geometric mean of the two percentiles around it', () => {
  fc.assert(
    fc.property(figures, fc.integer({ min: 1, max: 7 }), (ms, upper) => {
      const halfway = (probabilities[upper - 1]! + probabilities[upper]!) / 2;
      const expected = Math.sqrt(ms[upper - 1]! * ms[upper]!);
      assert.ok(Math.abs(latencyQuantile(ms, halfway) / expected - 1) < 1e-9);
    }),
  );
});

test('a probability outside 0 to 1 is refused', () => {
  const [{ figures: some } = assert.fail('nothing was measured')] = measured;
  for (const wrong of [-0.01, 1.01, Number.NaN]) {
    assert.throws(() => latencyQuantile(some, wrong), { name: 'RangeError', message: /between 0 and 1/ });
  }
});
