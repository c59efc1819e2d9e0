import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ArrivalScenario } from '../../src/plan/scenario-schema.ts';
import { durationOf, plannedIterationsOf } from '../../src/plan/timeline.ts';
import { arrivalSchedule, startsBefore } from '../../src/traffic/arrival-schedule.ts';
import { aPlan, planText, problemsOf } from '../support/a-plan.ts';
import { onlyProblem } from './refused-plan.ts';

const NONE = { vus: undefined, duration: undefined };
const RATE = { ...NONE, executor: 'constant-arrival-rate', rate: 10, duration: '1s', preAllocatedVUs: 1, maxVUs: 4 };
const RAMP = { ...NONE, executor: 'ramping-vus', startVUs: 2, stages: [{ duration: '10s', target: 5 }] };
const RAMPED_RATE = {
  ...NONE,
  executor: 'ramping-arrival-rate',
  startRate: 60,
  timeUnit: '1m',
  stages: [
    { duration: '10s', target: 180 },
    { duration: '0s', target: 60 },
    { duration: '10s', target: 60 },
  ],
  preAllocatedVUs: 1,
};

/** What is said of a feed with so many rows. @param scenario uses it */
function problemsOfFeed(rows: number, feed: object, scenario: object): string[] {
  const values = Array.from({ length: rows }, (_, row) => row);
  const steps = [{ tool: 'ping' }, { tool: 'look', arguments: { q: ['{{users}}'] } }];
  return problemsOf({ scenario: { steps, ...scenario }, plan: { feeds: { users: { values, ...feed } } } });
}

describe('a feed with a row of its own for each virtual user', () => {
  for (const [name, scenario, vus] of [
    ['constant-vus', { vus: 3 }, 3],
    ['ramping-vus', RAMP, 5],
    ['constant-arrival-rate', RATE, 4],
    ['per-vu-iterations', { executor: 'per-vu-iterations', vus: 3, duration: undefined, iterations: 1 }, 3],
  ] as const) {
    it(`needs as many as there may be of ${name}`, () => {
      assert.deepEqual(problemsOfFeed(vus, { order: 'unique' }, scenario), []);
      const rows = vus === 3 ? '2 rows' : `${vus - 1} rows`;
      assert.deepEqual(problemsOfFeed(vus - 1, { order: 'unique' }, scenario), [
        `feeds.users.order: users has ${rows}, but scenario calls has ${vus} virtual users that need one row each; add rows`,
      ]);
    });
  }

  it('needs none for scenarios that do not use it', () => {
    assert.deepEqual(problemsOfFeed(1, { order: 'unique' }, { vus: 9, steps: [{ tool: 'look' }] }), []);
  });
});

describe('a feed without an end', () => {
  const once = { order: 'sequential', repeat: false };
  for (const [scenario, iterations] of [
    [RATE, 10],
    [{ ...RATE, rate: 3, timeUnit: '300ms' }, 10],
    [RAMPED_RATE, 30],
    [{ executor: 'per-vu-iterations', vus: 3, duration: undefined, iterations: 2 }, 6],
    [{ executor: 'shared-iterations', vus: 3, duration: undefined, iterations: 7 }, 7],
  ] as const) {
    it(`needs a row for each of ${iterations} iterations of ${scenario.executor}`, () => {
      assert.deepEqual(problemsOfFeed(iterations, once, scenario), []);
      assert.deepEqual(problemsOfFeed(1, { order: 'sequential' }, scenario), []);
      assert.deepEqual(problemsOfFeed(1, once, scenario), [
        `feeds.users.repeat: users has 1 row, but scenario calls has ${iterations} iterations; add rows or remove repeat: false`,
      ]);
    });
  }

  it('may run out where nobody knows how many iterations there will be', () => {
    assert.deepEqual(problemsOfFeed(1, once, { vus: 3 }), []);
  });

  it('is refused where it says so', () => {
    const feeds = { users: { values: [1], order: 'unique' } };
    const text = planText({
      scenario: { vus: 2, steps: [{ tool: 'a', arguments: { b: '{{users}}' } }] },
      plan: { feeds },
    });
    const { path, line } = onlyProblem(text);
    assert.equal(path, 'feeds.users.order');
    assert.equal(text.split('\n')[line - 1]?.trim(), '"order": "unique"');
  });
});

it('counts as the executors of rates do', () => {
  const stage = fc.record({ duration: fc.constantFrom('0s', '1s', '7s', '1m'), target: fc.nat(50) });
  const scenarios = fc.oneof(
    fc.record({ startRate: fc.nat(9), stages: fc.array(stage, { minLength: 1, maxLength: 5 }) }).map((ramp) => {
      const stages = [...ramp.stages, { duration: '10s', target: 1 }];
      return { ...RAMPED_RATE, ...ramp, stages };
    }),
    fc
      .record({ rate: fc.integer({ min: 1, max: 9999 }).map((rate) => rate / 10) })
      .map((rate) => ({ ...RATE, ...rate })),
  );
  fc.assert(
    fc.property(scenarios, fc.constantFrom('1s', '300ms', '1m', '7s'), (scenario, timeUnit) => {
      const parsed = aPlan({ scenario: { ...scenario, timeUnit } }).scenarios.calls as ArrivalScenario;
      assert.equal(plannedIterationsOf(parsed), startsBefore(arrivalSchedule(parsed), durationOf(parsed)));
    }),
  );
});

it('counts the starts of arrival rates as they come: at 0, and none at the very end', () => {
  const planned = (scenario: Record<string, unknown>) =>
    plannedIterationsOf(aPlan({ scenario }).scenarios.calls ?? assert.fail());
  assert.equal(planned({ ...RATE, rate: 1, timeUnit: '1h', duration: '30d' }), 720);
  assert.equal(planned({ ...RATE, rate: 1, timeUnit: '1h', duration: '10s' }), 1);
  assert.equal(planned({ ...RATE, rate: 20_000, duration: '1h' }), 72_000_000);
  assert.equal(planned({ ...RATE, rate: 0.1, duration: '70s' }), 7);
  assert.equal(planned({ ...RATE, rate: 1.5, duration: '1s' }), 2);
  assert.equal(planned({ vus: 3 }), undefined);
});
