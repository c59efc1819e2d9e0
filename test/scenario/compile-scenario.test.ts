import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Call } from '../../src/mcp/operations/call.ts';
import { compileScenario } from '../../src/scenario/compile-scenario.ts';
import { type Random, randomFor } from '../../src/traffic/random.ts';
import { aPlan, type PlanParts } from '../support/a-plan.ts';

/** Makes the calls of one iteration of a scenario. */
function callsOf(parts: PlanParts): (ordinal: number, random?: Random, vuIndex?: number) => Call[] | undefined {
  const plan = aPlan(parts);
  const { drawSteps, rowsFor } = compileScenario(plan, 'calls');
  return (ordinal, random = randomFor(1, ordinal), vuIndex = 0) => {
    const rows = rowsFor({ ordinal, vuIndex, random });
    if (rows === undefined) return undefined;
    const values = { random, vu: vuIndex, iteration: ordinal, rows, captured: new Map() };
    return drawSteps(random).map(({ makeCall }) => makeCall(values));
  };
}

const toolOf = (call: Call | undefined) => call?.operation.replace('tools/call:', '');
const queriesOf = (calls: Call[] | undefined) => calls?.map(({ params }) => JSON.parse(params).arguments.q);

describe('steps in weighted order', () => {
  it('are chosen in proportion to their weights, whatever their kind', () => {
    const steps = [{ tool: 'often', weight: 3 }, { ping: true }, { list: 'tools', weight: 0.0001 }];
    const make = callsOf({ scenario: { steps } });
    const random = randomFor(7);
    const drawn = Array.from({ length: 10_000 }, () => make(0, random)?.[0]?.operation);
    const often = drawn.filter((operation) => operation === 'tools/call:often').length;
    assert.ok(Math.abs(often / drawn.length - 0.75) < 0.025, String(often));
    assert.ok(drawn.includes('ping'));
  });

  it('are found for the smallest and the largest number that can be drawn', () => {
    const steps = [0.1, 0.2, 0.3, 1 / 3].map((weight, index) => ({ tool: `t${index}`, weight }));
    const make = callsOf({ scenario: { steps } });
    assert.equal(toolOf(make(0, () => 0)?.[0]), 't0');
    assert.equal(toolOf(make(0, () => 1 - 2 ** -53)?.[0]), 't3');
  });

  it('are as many as the plan says, the minimum and the maximum included', () => {
    const steps = [{ ping: true }];
    assert.equal(callsOf({ scenario: { steps, callsPerIteration: 5 } })(0)?.length, 5);
    const ranged = callsOf({ scenario: { steps, callsPerIteration: { min: 2, max: 4 } } });
    assert.equal(ranged(0, () => 0)?.length, 2);
    assert.equal(ranged(0, () => 1 - 2 ** -53)?.length, 4);
  });
});

describe('steps in fixed order', () => {
  it('are all called once, in the order of the plan', () => {
    const steps = [{ tool: 'a', weight: 0.001 }, { tool: 'b' }, { tool: 'a' }];
    const make = callsOf({ scenario: { steps, order: 'fixed' } });
    for (let ordinal = 0; ordinal < 5; ordinal++) assert.deepEqual(make(ordinal)?.map(toolOf), ['a', 'b', 'a']);
  });
});

describe('the row of a feed that an iteration gets', () => {
  const steps = [
    { tool: 'look', arguments: { q: '{{rows.a}} {{rows.b}}' } },
    { tool: 'look', arguments: { q: '{{rows.b}}' } },
  ];
  const rows = [
    { a: 'a0', b: 'b0' },
    { a: 'a1', b: 'b1' },
    { a: 'a2', b: 'b2' },
  ];
  const withFeed = (feed: object) =>
    callsOf({ scenario: { steps, order: 'fixed' }, plan: { feeds: { rows: { rows, ...feed } } } });

  it('follows its ordinal, and starts again after the last row', () => {
    const make = withFeed({ order: 'sequential' });
    assert.deepEqual(
      [0, 1, 2, 3, 7].map((ordinal) => queriesOf(make(ordinal))?.[1]),
      ['b0', 'b1', 'b2', 'b0', 'b1'],
    );
    assert.deepEqual(queriesOf(make(4)), ['a1 b1', 'b1']);
  });

  it('follows its ordinal until the feed is exhausted', () => {
    const make = withFeed({ order: 'sequential', repeat: false });
    assert.deepEqual(queriesOf(make(2)), ['a2 b2', 'b2']);
    assert.equal(make(3), undefined);
  });

  it('belongs to its virtual user alone', () => {
    const make = withFeed({ order: 'unique' });
    for (const ordinal of [0, 1, 99])
      assert.deepEqual(queriesOf(make(ordinal, randomFor(ordinal), 2)), ['a2 b2', 'b2']);
    assert.equal(make(0, randomFor(0), 3), undefined);
  });

  it('is random, each row about as often, and the same for the same seed', () => {
    const make = withFeed({ order: 'random' });
    const draw = () => Array.from({ length: 600 }, (_, ordinal) => queriesOf(make(ordinal)));
    const drawn = draw();
    for (const queries of drawn) assert.match(queries?.join() ?? '', /^a(\d) b\1,b\1$/);
    const counts = Map.groupBy(drawn, (queries) => queries?.[1]);
    assert.equal(counts.size, 3);
    for (const { length } of counts.values()) assert.ok(Math.abs(length - 200) < 50, String(length));
    assert.deepEqual(draw(), drawn);
  });

  it('does not come from feeds that it does not use', () => {
    const feeds = { rows: { rows, order: 'sequential', repeat: false }, others: { values: ['x'] } };
    const make = callsOf({ scenario: { steps: [{ tool: 'look', arguments: { q: '{{others}}' } }] }, plan: { feeds } });
    assert.deepEqual(queriesOf(make(1000)), ['x']);
  });
});
