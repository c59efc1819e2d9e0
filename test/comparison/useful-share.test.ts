import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ComparedOperation, UsefulVerdict } from '../../src/comparison/comparison.ts';
import { compareUsefulShare, judgeUsefulShare } from '../../src/comparison/useful-share.ts';
import { type ComparisonRules, comparisonSchema } from '../../src/plan/plan-schema.ts';
import { randomFor } from '../../src/traffic/random.ts';
import {
  type CountedBatch,
  countedOperation,
  type OutageSimulation,
  operationWithOutages,
} from './counted-operation.ts';

const rules = (changes: Partial<ComparisonRules> = {}) => comparisonSchema.parse(changes);
const compare = (before: ComparedOperation, after: ComparedOperation, changes: Partial<ComparisonRules> = {}) =>
  compareUsefulShare([[before, after]], rules(changes));

/** So many batches, each with the same counts. */
const even = (batches: number, useful: number, failures: number, blocked = 0) =>
  Array.from({ length: batches }, (): CountedBatch => [useful, failures, blocked]);

describe('the change of the share of useful requests', () => {
  type Case = readonly [name: string, before: CountedBatch[], after: CountedBatch[], verdict: UsefulVerdict];
  const cases: readonly Case[] = [
    ['a build in which nothing works', [...even(19, 21, 0), [18, 0]], [...even(19, 0, 22), [0, 18]], 'fails-more'],
    ['a build in which nothing works any longer, of a run of one batch', [[417, 0]], [[0, 436]], 'fails-more'],
    ['a build in which nothing works, with few requests', [[4, 0]], [[0, 4]], 'fails-more'],
    ['too few requests, even if all fail', [[3, 0]], [[0, 3]], 'too-little-data'],
    ['40 % of requests failing', even(20, 30, 0), even(20, 18, 12), 'fails-more'],
    ['40 % of few requests failing', even(12, 1, 0), [...even(7, 1, 0), ...even(5, 0, 1)], 'fails-more'],
    ['a server that dies during the run', even(20, 50, 0), [...even(12, 50, 0), ...even(8, 0, 50)], 'fails-more'],
    ['a build that opens no session', even(20, 20, 0), even(20, 0, 0, 20), 'fails-more'],
    ['a build that opens two sessions of three', even(20, 30, 0), even(20, 20, 0, 10), 'fails-more'],
    ['a build that opens sessions again', even(20, 0, 0, 20), even(20, 20, 0), 'fails-less'],
    ['sessions that fail in both runs', even(20, 0, 0, 20), even(20, 0, 0, 20), 'same'],
    ['the reverse', even(20, 18, 12), even(20, 30, 0), 'fails-less'],
    ['some failures in every batch', even(20, 100, 0), even(20, 97, 3), 'fails-more'],
    ['all failures in one batch of 20', even(20, 100, 0), [...even(19, 100, 0), [40, 60]], 'too-little-data'],
    ['all failures in one batch of 3', even(3, 100, 0), [...even(2, 100, 0), [40, 60]], 'too-little-data'],
    ['40 % failing in all of 3 batches', even(3, 100, 0), even(3, 60, 40), 'fails-more'],
    ['20 % failing in all of 3 batches', even(3, 100, 0), even(3, 80, 20), 'too-little-data'],
    ['20 % failing in all of 5 batches', even(5, 100, 0), even(5, 80, 20), 'fails-more'],
    ['a quarter failing in a single batch', [[100, 0]], [[75, 25]], 'fails-more'],
    ['less than a quarter failing in a single batch', [[100, 0]], [[76, 24]], 'too-little-data'],
    ['a difference too small to matter', even(20, 1000, 0), even(20, 995, 5), 'same'],
    ['no failures in many requests', even(20, 50, 0), even(20, 60, 0), 'same'],
    ['no failures in few requests', even(20, 1, 0), even(20, 1, 0), 'too-little-data'],
    ['nothing useful in both', even(20, 0, 20), even(20, 0, 20), 'same'],
    ['a run without answers', even(20, 20, 0), [], 'too-little-data'],
  ];
  for (const [name, before, after, expected] of cases) {
    it(`is judged as ${expected} for ${name}`, () => {
      const { usefulVerdict, usefulRateChange } = compare(countedOperation(before), countedOperation(after));
      assert.equal(usefulVerdict, expected, JSON.stringify(usefulRateChange));
    });
  }

  it('needs no latency', () => {
    const change = compare(countedOperation(even(20, 10, 0)), countedOperation(even(20, 0, 10)));
    assert.deepEqual(change.usefulRateChange?.estimate, -1);
    assert.ok(change.usefulRateChange.high < -0.9);
  });

  it('is ignored up to the tolerance of the plan', () => {
    const [before, after] = [countedOperation(even(20, 100, 0)), countedOperation(even(20, 97, 3))];
    assert.equal(compare(before, after, { usefulTolerance: 0.03 }).usefulVerdict, 'fails-more');
    assert.equal(compare(before, after, { usefulTolerance: 0.031 }).usefulVerdict, 'same');
    assert.equal(compare(before, after, { usefulTolerance: 0 }).usefulVerdict, 'fails-more');
  });

  it('is reversed exactly when the runs are swapped', () => {
    const opposite = { 'fails-more': 'fails-less', 'fails-less': 'fails-more' } as Record<UsefulVerdict, UsefulVerdict>;
    const anyRun = fc.array(fc.tuple(fc.nat(30), fc.nat(10)), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(anyRun, anyRun, (one, other) => {
        const [first, second] = [countedOperation(one), countedOperation(other)];
        const [there, back] = [compare(first, second), compare(second, first)];
        assert.equal(back.usefulVerdict, opposite[there.usefulVerdict] ?? there.usefulVerdict);
        const [a, b] = [there.usefulRateChange, back.usefulRateChange];
        if (a === null || b === null) return assert.equal(a, b);
        assert.ok(Math.abs(a.low + b.high) < 1e-9 && Math.abs(a.high + b.low) < 1e-9);
        assert.ok(a.low >= -1 && a.low <= a.estimate && a.estimate <= a.high && a.high <= 1);
      }),
    );
  });

  it('is never proven between a run and itself', () => {
    const anyRun = fc.array(fc.tuple(fc.nat(30), fc.nat(10)), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(anyRun, (batches) => {
        const run = countedOperation(batches);
        const { usefulVerdict, usefulRateChange } = compare(run, run, { usefulTolerance: 0 });
        assert.ok(usefulVerdict === 'same' || usefulVerdict === 'too-little-data');
        assert.equal(usefulRateChange?.estimate ?? 0, 0);
      }),
    );
  });
});

describe('the change of all operations together', () => {
  const pair = (name: string, before: CountedBatch[], after: CountedBatch[]) =>
    [countedOperation(before, name), countedOperation(after, name)] as const;

  it('is proven where no operation has enough requests to prove its own', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const pairs = names.map((name) => pair(name, even(5, 2, 0), [...even(3, 2, 0), ...even(2, 1, 1)]));
    for (const each of pairs) assert.equal(compareUsefulShare([each], rules()).usefulVerdict, 'too-little-data');
    const spread = names.map((name) => pair(name, even(10, 2, 0), even(10, 1, 1)));
    assert.equal(compareUsefulShare(spread, rules()).usefulVerdict, 'fails-more');
  });

  it('is not proven when a bad operation was only called more often', () => {
    const good = pair('good', even(20, 100, 0), even(20, 50, 0));
    const bad = pair('bad', even(20, 10, 10), even(20, 40, 40));
    const { usefulVerdict, usefulRateChange } = compareUsefulShare([good, bad], rules());
    assert.ok((usefulRateChange?.estimate ?? 0) < -0.2);
    assert.notEqual(usefulVerdict, 'fails-more');
  });
});

describe('judgeUsefulShare', () => {
  it('judges a change by its interval, both estimates and the tolerance', () => {
    const judged = (low: number, estimate: number, high: number, weighted = estimate, is = {}) =>
      judgeUsefulShare(
        { low, estimate, high },
        weighted,
        { provable: true, enough: true, ...is },
        { usefulTolerance: 0.01 },
      );
    assert.equal(judged(-0.03, -0.01, -0.001), 'fails-more');
    assert.equal(judged(-0.03, -0.009, -0.001), 'same');
    assert.equal(judged(-0.03, -0.02, -0.001, -0.009), 'too-little-data');
    assert.equal(judged(-0.03, -0.02, 0.001), 'too-little-data');
    assert.equal(judged(0.001, 0.01, 0.03), 'fails-less');
    assert.equal(judged(-0.5, 0, 0.5), 'same');
    assert.equal(judged(-0.5, 0, 0.5, 0, { enough: false }), 'too-little-data');
    assert.equal(judged(-0.3, -0.2, -0.1, -0.2, { provable: false }), 'too-little-data');
  });
});

describe('comparing the useful shares of two runs of one target', () => {
  const PAIRS = 150;
  const alarms = (simulation: OutageSimulation) =>
    Array.from({ length: PAIRS }, (_, at) => {
      const run = (seed: number) => operationWithOutages(randomFor(seed), simulation);
      return compare(run(2 * at + 1), run(2 * at + 2), { usefulTolerance: 0 }).usefulVerdict;
    }).filter((verdict) => verdict === 'fails-more').length;

  // An interval on the wrong side of 0 is a false alarm. 2.5 % are expected on this side; 7 % must not be exceeded.
  const cases: Readonly<Record<string, OutageSimulation>> = {
    'failures are independent': { failureRate: 0.1 },
    'failures are rare': { failureRate: 0.005 },
    'failures come in short outages': { outages: 3, outageBatches: 0.2 },
    'outages are as long as a batch': { outages: 3, outageBatches: 1 },
    'outages are rare': { outages: 1, outageBatches: 1 },
    'there are only five batches': { batches: 5, outages: 1, outageBatches: 0.5 },
    'there are only three batches': { batches: 3, requests: 300, outages: 0.5, outageBatches: 0.3 },
  };
  for (const [name, simulation] of Object.entries(cases)) {
    it(`raises few false alarms when ${name}`, () => {
      const count = alarms(simulation);
      assert.ok(count <= 0.07 * PAIRS, `${count} of ${PAIRS}`);
    });
  }
});
