import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { binomialLimits } from '../../src/comparison/binomial-limits.ts';

/** The probability of at most so many successes, added up from the definition. */
function atMost(successes: number, trials: number, share: number): number {
  let sum = 0;
  let choose = 1;
  for (let k = 0; k <= successes; k++) {
    sum += choose * share ** k * (1 - share) ** (trials - k);
    choose = (choose * (trials - k)) / (k + 1);
  }
  return sum;
}

it('binomialLimits matches printed limits', () => {
  // [successes, trials, confidence, low, high]
  const table = [
    [0, 10, 0.95, 0, 0.3085],
    [10, 10, 0.95, 0.6915, 1],
    [5, 10, 0.95, 0.1871, 0.8129],
    [9, 10, 0.95, 0.555, 0.9975],
    [1, 20, 0.95, 0.0013, 0.2487],
    [50, 100, 0.99, 0.3689, 0.6311],
  ] as const;
  for (const [successes, trials, confidence, ...expected] of table) {
    const limits = binomialLimits(successes, trials, confidence);
    for (const at of [0, 1] as const) assert.ok(Math.abs(limits[at] - expected[at]) < 5e-5, `${limits}`);
  }
});

it('binomialLimits leaves exactly half of the rest of the confidence beyond each limit', () => {
  const counts = fc.integer({ min: 1, max: 60 }).chain((trials) => fc.tuple(fc.nat(trials), fc.constant(trials)));
  fc.assert(
    fc.property(counts, fc.constantFrom(0.8, 0.95, 0.999), ([successes, trials], confidence) => {
      const tail = (1 - confidence) / 2;
      const [low, high] = binomialLimits(successes, trials, confidence);
      if (successes > 0) assert.ok(Math.abs(1 - atMost(successes - 1, trials, low) - tail) < 1e-9);
      if (successes < trials) assert.ok(Math.abs(atMost(successes, trials, high) - tail) < 1e-9);
    }),
  );
});

it('binomialLimits is close to the share for millions of requests', () => {
  const [low, high] = binomialLimits(9_900_000, 10_000_000, 0.95);
  assert.ok(low > 0.9899 && low < 0.99 && high > 0.99 && high < 0.9901, `${low} ${high}`);
});
