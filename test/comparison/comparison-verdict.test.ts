import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareRuns } from '../../src/comparison/compare-runs.ts';
import type { ComparedOperation, ComparedRun } from '../../src/comparison/comparison.ts';
import { isRegression, lacksData, provenRegressions, withComparison } from '../../src/comparison/comparison-verdict.ts';
import { type ComparisonRules, comparisonSchema } from '../../src/plan/plan-schema.ts';
import { countedOperation } from './counted-operation.ts';
import { simulatedOperation, simulatedRun } from './simulated-runs.ts';

const PASS = { status: 'pass', reasons: ['All 2 thresholds met.'] } as const;

const compare = (
  before: readonly ComparedOperation[],
  after: readonly ComparedOperation[],
  changes: Partial<ComparisonRules> = { failOn: 'slower' },
  baseline: Partial<ComparedRun> = {},
) => compareRuns(simulatedRun(before, baseline), simulatedRun(after), comparisonSchema.parse(changes));

/** All requests of an operation, spread over 20 batches. */
const spread = (useful: number, failures: number) => {
  const share = (of: number, at: number) => Math.floor((of * (at + 1)) / 20) - Math.floor((of * at) / 20);
  return countedOperation(Array.from({ length: 20 }, (_, at) => [share(useful, at), share(failures, at)] as const));
};

describe('an operation that fails more', () => {
  it('fails a run in which nothing works any longer, with both shares in the reason', () => {
    const comparison = compare([spread(417, 0)], [spread(0, 436)]);
    assert.equal(comparison.totals?.usefulVerdict, 'fails-more');
    assert.ok(isRegression(comparison));
    const { status, reasons } = withComparison(PASS, comparison);
    assert.equal(status, 'fail');
    assert.equal(reasons.length, 1);
    assert.match(
      reasons[0] ?? '',
      /^tools\/call:search of learn fails more than in run 20260509-140000-aaaaaa: useful 100 % \(417 of 417\) → 0 % \(0 of 436\), 100 percentage points less \(95 % confidence interval 9\d(\.\d)? to 100\)\.$/,
    );
  });

  it('is never faster, however fast the requests that are left', () => {
    const before = simulatedOperation(1, { requests: 3000 });
    const after = simulatedOperation(2, { requests: 3000, factor: 0.3, failureRate: 0.4 });
    const comparison = compare([before], [after]);
    const [operation] = comparison.operations;
    assert.equal(operation?.usefulVerdict, 'fails-more');
    assert.equal(operation.verdict, 'not-comparable');
    assert.equal(operation.reason, 'a smaller share of the requests was useful');
    assert.ok((operation.change?.high ?? 0) < -0.5);
    assert.equal(withComparison(PASS, comparison).status, 'fail');
  });

  it('stays slower when it is slower too, and both reasons are given, failures first', () => {
    const after = simulatedOperation(2, { requests: 3000, factor: 2, failureRate: 0.4 });
    const { reasons } = withComparison(PASS, compare([simulatedOperation(1, { requests: 3000 })], [after]));
    assert.deepEqual(
      reasons.map((reason) => /fails more|became slower/.exec(reason)?.[0]),
      ['fails more', 'became slower'],
    );
  });

  it('stays slower when it fails less', () => {
    const before = simulatedOperation(1, { requests: 3000, failureRate: 0.4 });
    const [operation] = compare([before], [simulatedOperation(2, { requests: 3000, factor: 2 })]).operations;
    assert.equal(operation?.usefulVerdict, 'fails-less');
    assert.equal(operation.verdict, 'slower');
  });

  it('is not faster either when its failures are too few to prove it', () => {
    const before = simulatedOperation(1, { requests: 400, intervals: 10 });
    const after = simulatedOperation(2, { requests: 400, intervals: 10, factor: 0.4 });
    const failing = {
      ...after,
      failures: 8,
      batches: after.batches.map((each, at) => (at === 0 ? { ...each, failures: 8 } : each)),
    };
    const [operation] = compare([before], [failing]).operations;
    assert.equal(operation?.usefulVerdict, 'too-little-data');
    assert.equal(operation.verdict, 'not-comparable');
  });

  it('has too little data for its latency when hardly a request is useful', () => {
    const simulation = { requests: 3000, failureRate: 0.95 };
    const [operation] = compare([simulatedOperation(1, simulation)], [simulatedOperation(2, simulation)]).operations;
    assert.equal(operation?.verdict, 'too-little-data');
    assert.equal(operation.reason, 'at least 10 % of the calls of each run must be useful or unanswered');
  });

  it('does not change the verdict if the plan does not say so, or a run is invalid', () => {
    const [before, after] = [[spread(417, 0)], [spread(0, 436)]];
    assert.equal(withComparison(PASS, compare(before, after, {})), PASS);
    const against = compare(before, after, { failOn: 'slower' }, { verdict: { status: 'invalid' } });
    assert.equal(withComparison(PASS, against), PASS);
    assert.deepEqual(provenRegressions(against), { total: false, failsMore: [], slower: [] });
  });

  it('need not be one operation: all together can fail more', () => {
    const run = (failures: number) =>
      ['a', 'b', 'c', 'd', 'e', 'f'].map((name) =>
        countedOperation(
          Array.from({ length: 10 }, () => [2 - failures, failures] as const),
          name,
        ),
      );
    const comparison = compare(run(0), run(0));
    assert.ok(!isRegression(comparison));
    const few = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, at) =>
      countedOperation(
        Array.from({ length: 10 }, (_, batch) => (batch % 6 === at ? ([1, 1] as const) : ([2, 0] as const))),
        name,
      ),
    );
    const together = compare(run(0), few);
    assert.ok(together.operations.every(({ usefulVerdict }) => usefulVerdict === 'too-little-data'));
    const { status, reasons } = withComparison(PASS, together);
    assert.equal(status, 'fail');
    assert.match(
      reasons[0] ?? '',
      /^The plan's steps together fail more than in run .*: useful 100 % \(120 of 120\) → 91\.7 %/,
    );
  });
});

describe('a comparison without enough data', () => {
  const few = () => [simulatedOperation(1, { requests: 30 })];

  it('adds a sentence to a run that passed', () => {
    const comparison = compare(few(), few());
    assert.ok(lacksData(comparison) && !isRegression(comparison));
    const sentence = 'Too little data to compare the one operation with run 20260509-140000-aaaaaa.';
    assert.deepEqual(withComparison(PASS, comparison), { status: 'pass', reasons: [...PASS.reasons, sentence] });
    const failed = { status: 'fail', reasons: ['One failed.'] } as const;
    assert.deepEqual(withComparison(failed, comparison), failed);
  });

  it('makes the verdict fail if the plan requires data', () => {
    const comparison = compare(few(), few(), { requireData: true });
    assert.ok(isRegression(comparison));
    assert.deepEqual(withComparison(PASS, comparison), {
      status: 'fail',
      reasons: ['Too little data to compare the one operation with run 20260509-140000-aaaaaa.'],
    });
  });

  it('is one without a common operation, or with an invalid baseline', () => {
    const rules = { requireData: true };
    assert.match(withComparison(PASS, compare([], few(), rules)).reasons[0] ?? '', /^No operation could be compared/);
    const enough = [simulatedOperation(1, { requests: 3000 })];
    assert.equal(withComparison(PASS, compare(enough, enough, rules)), PASS);
    const invalid = compare(enough, enough, rules, { verdict: { status: 'invalid' } });
    assert.match(withComparison(PASS, invalid).reasons[0] ?? '', /proves nothing: a run is invalid/);
  });

  it('is not one that proves more failures', () => {
    const comparison = compare([spread(30, 0)], [spread(0, 30)], { requireData: true });
    assert.ok(!lacksData(comparison));
  });
});
