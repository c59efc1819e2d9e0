import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareOperation } from '../../src/comparison/compare-runs.ts';
import type { ComparisonVerdict } from '../../src/comparison/comparison.ts';
import { comparisonSchema } from '../../src/plan/plan-schema.ts';
import { type Simulation, simulatedOperation } from './simulated-runs.ts';

/** The verdicts on pairs of simulated runs, each pair with its own random numbers. */
function verdicts(pairs: number, before: Simulation, after: Simulation, rules: object = {}): ComparisonVerdict[] {
  const parsed = comparisonSchema.parse(rules);
  return Array.from({ length: pairs }, (_, pair) => {
    const [one, other] = [simulatedOperation(2 * pair + 1, before), simulatedOperation(2 * pair + 2, after)];
    return compareOperation(one, other, parsed).verdict;
  });
}

const count = (all: readonly ComparisonVerdict[], ...wanted: ComparisonVerdict[]) =>
  all.filter((each) => wanted.includes(each)).length;

const PAIRS = 120;

describe('comparing two runs against a target that did not change', () => {
  // Without tolerance every interval on one side of 0 is a false alarm. 5 % are expected, 10 % must not be exceeded.
  const cases: Readonly<Record<string, Simulation>> = {
    'requests are independent': {},
    'neighbouring requests are alike': { memory: 0.9, requests: 1000 },
    'whole batches are alike': { memory: 0.99, requests: 3000 },
    'the plan ramps up': { ramp: 2 },
    'there are only five batches': { intervals: 5 },
  };
  for (const [name, simulation] of Object.entries(cases)) {
    it(`raises few false alarms when ${name}`, () => {
      const alarms = count(verdicts(PAIRS, simulation, simulation, { tolerance: 0 }), 'slower', 'faster');
      assert.ok(alarms <= 0.1 * PAIRS, `${alarms} of ${PAIRS}`);
    });
  }

  it('finds most pairs the same within the tolerance when there is enough data', () => {
    const all = verdicts(30, { requests: 4000 }, { requests: 4000 }, { tolerance: 0.2 });
    assert.ok(count(all, 'same') >= 27, JSON.stringify(all));
  });
});

describe('comparing two runs that differ by 30 %', () => {
  it('finds every slower and every faster run', () => {
    const simulation = { requests: 2000 };
    assert.equal(count(verdicts(20, simulation, { ...simulation, factor: 1.3 }), 'slower'), 20);
    assert.equal(count(verdicts(20, { ...simulation, factor: 1.3 }, simulation), 'faster'), 20);
  });

  it('finds the difference even if both runs ramp up by far more', () => {
    const simulation = { requests: 2000, ramp: 2 };
    assert.ok(count(verdicts(20, simulation, { ...simulation, factor: 1.3 }), 'slower') >= 19);
  });

  it('reports too little data when the difference cannot be found', () => {
    const simulation = { requests: 110 };
    const all = verdicts(40, simulation, { ...simulation, factor: 1.3 });
    assert.ok(count(all, 'too-little-data') >= 20, JSON.stringify(all));
    assert.equal(count(all, 'faster'), 0);
  });
});
