import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { ArrivalScenario } from '../../src/plan/scenario-schema.ts';
import { durationOf, plannedIterationsOf } from '../../src/plan/timeline.ts';
import { arrivalSchedule, startsBefore } from '../../src/traffic/arrival-schedule.ts';
import { aPlan, planText, problemsOf } from '../support/a-plan.ts';
import { onlyProblemIn } from './refused-plan.ts';

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

/** The problems of a feed with this many rows. @param scenario uses the feed */
function problemsOfFeed(rows: number, feed: object, scenario: object): string[] {
  const values = Array.from({ length: rows }, (_, row) => row);
  const steps = [{ tool: 'ping' }, { tool: 'look', arguments: { q: ['{{users}}'] } }];
  return problemsOf({ scenario: { steps, ...scenario }, plan: { feeds: { users: { values, ...feed } } } });
}

for (const [name, scenario, vus] of [
  ['constant-vus', { vus: 3 }, 3],
  ['ramping-vus', RAMP, 5],
  ['constant-arrival-rate', RATE, 4],
  ['per-vu-iterations', { executor: 'per-vu-iterations', vus: 3, duration: undefined, iterations: 1 }, 3],
] as const) {
  it(`feeds with order: unique need a row for each virtual user that ${name} can have`, () => {
    assert.deepEqual(problemsOfFeed(vus, { order: 'unique' }, scenario), []);
    const rows = vus === 3 ? '2 rows' : `${vus - 1} rows`;
    assert.deepEqual(problemsOfFeed(vus - 1, { order: 'unique' }, scenario), [
      `feeds.users.order: users has ${rows}, but scenario calls has ${vus} virtual users that need one row each; add rows`,
    ]);
  });
}

it('feeds with order: unique need no rows for scenarios that do not use them', () => {
  assert.deepEqual(problemsOfFeed(1, { order: 'unique' }, { vus: 9, steps: [{ tool: 'look' }] }), []);
});

const once = { order: 'sequential', repeat: false };
for (const [scenario, iterations] of [
  [RATE, 10],
  [{ ...RATE, rate: 3, timeUnit: '300ms' }, 10],
  [RAMPED_RATE, 30],
  [{ executor: 'per-vu-iterations', vus: 3, duration: undefined, iterations: 2 }, 6],
  [{ executor: 'shared-iterations', vus: 3, duration: undefined, iterations: 7 }, 7],
] as const) {
  it(`feeds with repeat: false need a row for each of ${iterations} iterations of ${scenario.executor}`, () => {
    assert.deepEqual(problemsOfFeed(iterations, once, scenario), []);
    assert.deepEqual(problemsOfFeed(1, { order: 'sequential' }, scenario), []);
    assert.deepEqual(problemsOfFeed(1, once, scenario), [
      `feeds.users.repeat: users has 1 row, but scenario calls has ${iterations} iterations; add rows or remove repeat: false`,
    ]);
  });
}

for (const [scenario, vus] of [
  [{ vus: 3 }, 3],
  [RAMP, 5],
] as const) {
  it(`feeds with repeat: false need a row for each of ${vus} virtual users where the number of iterations is unknown`, () => {
    assert.deepEqual(problemsOfFeed(vus, once, scenario), []);
    assert.deepEqual(problemsOfFeed(1, { order: 'sequential' }, scenario), []);
    assert.deepEqual(problemsOfFeed(1, once, scenario), [
      `feeds.users.repeat: users has 1 row, but scenario calls has ${vus} virtual users that need one row each; add rows, have fewer virtual users or remove repeat: false`,
    ]);
  });
}

it('feeds with repeat: false are refused at their own place in the file', () => {
  const feeds = { users: { values: [1], order: 'unique' } };
  const text = planText({
    scenario: { vus: 2, steps: [{ tool: 'a', arguments: { b: '{{users}}' } }] },
    plan: { feeds },
  });
  const { path, line } = onlyProblemIn(text);
  assert.equal(path, 'feeds.users.order');
  assert.equal(text.split('\n')[line - 1]?.trim(), '"order": "unique"');
});

it('plans as many iterations as the schedule of a rate has starts', () => {
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

it('counts a start at 0 and no start at the very end of a rate', () => {
  const planned = (scenario: Record<string, unknown>) =>
    plannedIterationsOf(aPlan({ scenario }).scenarios.calls ?? assert.fail());
  assert.equal(planned({ ...RATE, rate: 1, timeUnit: '1h', duration: '30d' }), 720);
  assert.equal(planned({ ...RATE, rate: 1, timeUnit: '1h', duration: '10s' }), 1);
  assert.equal(planned({ ...RATE, rate: 20_000, duration: '1h' }), 72_000_000);
  assert.equal(planned({ ...RATE, rate: 0.1, duration: '70s' }), 7);
  assert.equal(planned({ ...RATE, rate: 1.5, duration: '1s' }), 2);
  assert.equal(planned({ vus: 3 }), undefined);
});
