import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { findInOpening, isUndeclared } from '../../src/mcp/session/deviations.ts';
import { FirstServer } from '../../src/mcp/session/first-server.ts';
import { DEVIATION_RULES, deviationText } from '../../src/plan/deviation-rules.ts';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import { type DeviationCount, DeviationCounter, mergeDeviations } from '../../src/sample/deviation.ts';
import { planText } from '../support/a-plan.ts';

const anyCount: fc.Arbitrary<DeviationCount> = fc.record({
  target: fc.constantFrom('a', 'b'),
  rule: fc.constantFrom('empty-cursor', 'endless-list'),
  operation: fc.constantFrom('tools/list', 'initialize'),
  count: fc.integer({ min: 1, max: 100 }),
  firstMs: fc.nat(5),
  example: fc.constantFrom('', 'x', 'y'),
});

it('counts of deviations add up to the same in any order and grouping', () => {
  fc.assert(
    fc.property(fc.array(anyCount), fc.array(anyCount), (some, others) => {
      const whole = mergeDeviations([...some, ...others]);
      assert.deepEqual(mergeDeviations([...mergeDeviations(others), ...mergeDeviations(some)]), whole);
      const total = (counts: readonly DeviationCount[]) => counts.reduce((sum, { count }) => sum + count, 0);
      assert.equal(total(whole), total(some) + total(others));
    }),
  );
});

it('a counter keeps the first example, redacted and shortened, and starts anew when it was read', () => {
  const counter = new DeviationCounter((text) => text.replace('secret', '[redacted]'));
  counter.add('a', 'byte-order-mark', 'tools/call:look', 7, `secret ${'x'.repeat(500)}`);
  counter.add('a', 'byte-order-mark', 'tools/call:look', 9, 'another');
  const { deviations: [first, ...more] = [] } = counter.take();
  assert.deepEqual(more, []);
  assert.deepEqual([first?.count, first?.firstMs, first?.example.length], [2, 7, 201]);
  assert.match(first?.example ?? '', /^\[redacted\] x+…$/);
  assert.deepEqual(counter.take(), {});
});

it('every rule has a section and a sentence, and an unknown stored rule its name', () => {
  for (const rule of DEVIATION_RULES) {
    assert.match(deviationText(rule).says, /^(It|Its|A|Sessions) .*\.$/);
    assert.notEqual(deviationText(rule).section, '');
  }
  assert.deepEqual(deviationText('constructor'), { section: '', says: 'constructor' });
});

it('the answer to initialize shows an old revision and ids that can be guessed', () => {
  const found: string[] = [];
  const first = new FirstServer();
  const result = { protocolVersion: '2024-11-05', capabilities: {} };
  findInOpening(result, 'a b', first, (rule) => found.push(rule));
  findInOpening({ ...result, protocolVersion: '2025-11-25' }, 'x'.repeat(16), first, (rule) => found.push(rule));
  assert.deepEqual(found, ['revision-of-another-transport', 'session-id-invalid', 'server-differs-between-replies']);
});

it('a form is asked for against the rules only if the client has not declared forms', () => {
  const methods = ['ping', 'roots/list', 'sampling/createMessage', 'elicitation/create'];
  assert.deepEqual(
    methods.map((method) => isUndeclared(method, 'defaults')),
    [false, true, true, false],
  );
  assert.deepEqual(
    methods.map((method) => isUndeclared(method, 'none')),
    [false, true, true, true],
  );
});

for (const [metric, condition, problem] of [
  ['mcp_deviations', 'count==0', undefined],
  ['mcp_deviations{rule:empty-cursor}', 'count<5', undefined],
  ['mcp_deviations{rule:emty-cursor}', 'count<5', /did you mean "empty-cursor"\?/],
  ['mcp_deviations{rule:zzzzzzzzzzzzzzz}', 'count<5', /one of notification-ack, /],
  ['mcp_deviations', { threshold: 'count==0', abortOnFail: true }, /for the whole run/],
  ['mcp_deviations', { threshold: 'count==0', over: '10s' }, /for the whole run/],
] as const) {
  it(`a plan with ${metric}: ${JSON.stringify(condition)} is ${problem === undefined ? 'valid' : 'refused'}`, () => {
    const parsed = parsePlan(planText({ plan: { thresholds: { [metric]: [condition] } } }));
    if (problem === undefined) assert.ok(parsed.ok, JSON.stringify(parsed));
    else
      assert.match(
        JSON.stringify(parsed.ok ? '' : parsed.problems.map(({ message }) => message).join()).replaceAll('\\"', '"'),
        problem,
      );
  });
}
