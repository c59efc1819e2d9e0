import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { judgeChange } from '../../src/comparison/compare-latency.ts';
import { compareRuns } from '../../src/comparison/compare-runs.ts';
import type { ComparedRun, Comparison } from '../../src/comparison/comparison.ts';
import { provenRegressions, withComparison } from '../../src/comparison/comparison-verdict.ts';
import { type ComparisonRules, comparisonSchema } from '../../src/plan/plan-schema.ts';
import { type Simulation, simulatedOperation, simulatedRun } from './simulated-runs.ts';

const rules = (changes: Partial<ComparisonRules> = {}) => comparisonSchema.parse(changes);

const oneOf = (seed: number, simulation: Simulation = {}, changes: Partial<ComparedRun> = {}) =>
  simulatedRun([simulatedOperation(seed, simulation)], changes);

/** The one operation of a comparison. */
function only({ operations }: Comparison) {
  const [operation] = operations;
  assert.ok(operation !== undefined && operations.length === 1);
  return operation;
}

const anySimulation = fc.record({
  requests: fc.integer({ min: 20, max: 900 }),
  intervals: fc.integer({ min: 2, max: 30 }),
  factor: fc.constantFrom(0.7, 0.95, 1, 1.05, 1.4),
  memory: fc.constantFrom(0, 0.9),
  failureRate: fc.constantFrom(0, 0.1),
});
const anyRules = fc.record({
  metric: fc.constantFrom('p50' as const, 'p95' as const, 'p99' as const),
  tolerance: fc.constantFrom(0, 0.05, 0.1, 0.5),
  confidence: fc.constantFrom(0.8, 0.95, 0.99),
});

describe('a comparison', () => {
  it('finds no difference between a run and itself', () => {
    let estimated = 0;
    fc.assert(
      fc.property(fc.nat(), anySimulation, anyRules, (seed, simulation, changes) => {
        const run = oneOf(seed, simulation);
        const { verdict, change, changeMs, ...share } = only(compareRuns(run, run, rules(changes)));
        assert.ok(verdict === 'same' || verdict === 'too-little-data', verdict);
        assert.ok(share.usefulVerdict === 'same' || share.usefulVerdict === 'too-little-data', share.usefulVerdict);
        assert.equal(share.usefulRateChange?.estimate, 0);
        if (change === null) return;
        estimated++;
        assert.deepEqual(change, { estimate: 0, low: 0, high: 0 });
        assert.deepEqual(changeMs, change);
      }),
      { numRuns: 60 },
    );
    assert.ok(estimated > 0);
  });

  it('swaps slower and faster when the runs are swapped', () => {
    let estimated = 0;
    const opposite = { slower: 'faster', faster: 'slower', same: 'same', 'too-little-data': 'too-little-data' };
    const oppositeOf = {
      'fails-more': 'fails-less',
      'fails-less': 'fails-more',
      same: 'same',
      'too-little-data': 'too-little-data',
    };
    fc.assert(
      fc.property(fc.nat(), anySimulation, anySimulation, anyRules, (seed, one, other, changes) => {
        const [first, second] = [oneOf(seed, one), oneOf(seed + 1, other)];
        const there = only(compareRuns(first, second, rules(changes)));
        const back = only(compareRuns(second, first, rules(changes)));
        assert.equal(back.usefulVerdict, oppositeOf[there.usefulVerdict]);
        // What looks faster because more requests fail is not comparable; the other way around, slower stays slower.
        if (there.verdict === 'not-comparable') assert.equal(back.verdict, 'slower');
        else if (back.verdict === 'not-comparable') assert.equal(there.verdict, 'slower');
        else assert.equal(back.verdict, opposite[there.verdict]);
        const [forth, reverse] = [there.usefulRateChange, back.usefulRateChange];
        assert.ok(forth && reverse);
        assert.ok(Math.abs(forth.low + reverse.high) < 1e-9 && Math.abs(forth.high + reverse.low) < 1e-9);
        if (there.change === null || back.change === null) return;
        estimated++;
        assert.ok(Math.abs((1 + there.change.low) * (1 + back.change.high) - 1) < 1e-9);
      }),
      { numRuns: 80 },
    );
    assert.ok(estimated > 0);
  });

  it('gives the same result every time', () => {
    const [first, second] = [oneOf(1), oneOf(2, { intervals: 13 })];
    assert.deepEqual(compareRuns(first, second, rules()), compareRuns(first, second, rules()));
  });

  it('shows the exact percentiles, and an interval around their difference', () => {
    const [first, second] = [oneOf(3), oneOf(4, { factor: 1.3 })];
    for (const metric of ['p50', 'p95', 'p99'] as const) {
      const { baseline, current, change, changeMs } = only(compareRuns(first, second, rules({ metric })));
      assert.equal(baseline.latencyMs, first.operations[0]?.latencyMs?.[metric]);
      assert.equal(current.latencyMs, second.operations[0]?.latencyMs?.[metric]);
      const before = baseline.latencyMs as number;
      const share = (current.latencyMs as number) / before - 1;
      assert.ok(change && changeMs && Math.abs(change.estimate - share) < 1e-9);
      assert.ok(change.low < share && share < change.high);
      assert.ok(Math.abs(changeMs.low - change.low * before) < 1e-9);
    }
  });

  it('shows that the share of useful requests fell', () => {
    const { usefulRateChange } = only(compareRuns(oneOf(5), oneOf(6, { failureRate: 0.2 }), rules()));
    assert.ok(usefulRateChange && usefulRateChange.high < -0.1 && usefulRateChange.low > -0.3);
  });

  it('gives the reason for too little data', () => {
    const reason = (simulation: Simulation, changes: Partial<ComparisonRules> = {}) => {
      const { verdict, reason } = only(compareRuns(oneOf(7, simulation), oneOf(8, simulation), rules(changes)));
      assert.equal(verdict, 'too-little-data');
      return reason;
    };
    assert.equal(reason({ requests: 99 }), 'p95 needs 100 useful or unanswered requests in each run');
    assert.equal(
      reason({ requests: 499 }, { metric: 'p99' }),
      'p99 needs 500 useful or unanswered requests in each run',
    );
    assert.equal(reason({ intervals: 4 }), 'at least 5 batches of each run need useful or unanswered requests');
    assert.equal(reason({ requests: 120 }), 'the confidence interval is too wide');
    assert.equal(reason({ requests: 200, failureRate: 1 }), 'p95 needs 100 useful or unanswered requests in each run');
  });

  it('lists operations that only one run has', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((operation, at) => simulatedOperation(at, { operation }));
    assert.ok(a && b && c);
    const comparison = compareRuns(simulatedRun([a, b]), simulatedRun([b, c]), rules());
    assert.equal(only(comparison).operation, 'b');
    assert.deepEqual(comparison.onlyInBaseline, [{ target: 'learn', operation: 'a', kind: 'step' }]);
    assert.deepEqual(comparison.onlyInCurrent, [{ target: 'learn', operation: 'c', kind: 'step' }]);
  });

  it('notes what makes two runs hard to compare', () => {
    const notes = (before: Partial<ComparedRun>, after: Partial<ComparedRun>) =>
      compareRuns(oneOf(1, {}, before), oneOf(1, {}, after), rules()).notes;
    assert.deepEqual(notes({}, { durationSeconds: 20.9 }), []);
    const [plan] = notes({}, { plan: { name: 'other', hash: 'def' } });
    assert.match(plan ?? '', /different plans \(simulated abc, other def\)/);
    assert.match(
      notes({}, { durationSeconds: 30 })[0] ?? '',
      /different lengths: 20\.0 s for the baseline, 30\.0 s for this run/,
    );
    assert.match(notes({ verdict: { status: 'invalid' } }, {})[0] ?? '', /baseline run's verdict is invalid/);
    assert.match(notes({}, { verdict: { status: 'stopped' } })[0] ?? '', /current run was stopped/);
  });
});

describe('judgeChange', () => {
  it('judges a change by its interval and the tolerance', () => {
    const limit = Math.log1p(0.1);
    const judged = (low: number, estimate: number, high: number) => judgeChange({ low, estimate, high }, 0.1);
    assert.equal(judged(0.01, limit, 0.5), 'slower');
    assert.equal(judged(0.01, limit - 1e-6, 0.5), 'same');
    assert.equal(judged(-0.5, -limit, -0.01), 'faster');
    assert.equal(judged(-0.5, -limit + 1e-6, -0.01), 'same');
    assert.equal(judged(-limit, 0, limit), 'same');
    assert.equal(judged(-limit - 1e-6, 0, limit), 'too-little-data');
    assert.equal(judged(-0.01, 0.5, 0.9), 'too-little-data');
  });
});

describe('a slower operation', () => {
  const comparison = (changes: Partial<ComparisonRules>, before: Partial<ComparedRun> = {}) =>
    compareRuns(oneOf(1, {}, before), oneOf(2, { factor: 2 }), rules(changes));

  it('makes the verdict fail only if the plan says so, with a reason', () => {
    const pass = { status: 'pass', reasons: ['All 2 thresholds met.'] } as const;
    assert.equal(withComparison(pass, comparison({})), pass);
    const failed = withComparison(pass, comparison({ failOn: 'slower' }));
    assert.equal(failed.status, 'fail');
    assert.equal(failed.reasons.length, 1);
    assert.match(
      failed.reasons[0] ?? '',
      /^tools\/call:search of learn became slower than in run 20260509-140000-aaaaaa: p95 \d+(\.\d)? ms → \d+(\.\d)? ms, \d+(\.\d)? % more \(95 % confidence interval [\d.]+ % to [\d.]+ %\)\.$/,
    );
    const both = withComparison({ status: 'fail', reasons: ['One failed.'] }, comparison({ failOn: 'slower' }));
    assert.deepEqual(both, { status: 'fail', reasons: ['One failed.', ...failed.reasons] });
    const stopped = { status: 'stopped', reasons: ['Stopped.'] } as const;
    assert.equal(withComparison(stopped, comparison({ failOn: 'slower' })), stopped);
  });

  it('has no effect when the baseline is invalid', () => {
    const against = comparison({ failOn: 'slower' }, { verdict: { status: 'invalid' } });
    assert.equal(only(against).verdict, 'slower');
    assert.deepEqual(provenRegressions(against), { total: false, failsMore: [], slower: [] });
    const pass = { status: 'pass', reasons: [] } as const;
    assert.equal(withComparison(pass, against), pass);
  });
});
