import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { compileArguments } from '../../src/scenario/compile-arguments.ts';
import { randomFor } from '../../src/traffic/random.ts';
import { aPlan } from '../support/a-plan.ts';

type Params = { readonly name: string; readonly arguments: unknown };

/** The params of the calls that a step makes with these arguments and feeds. */
function callsOf(tool: string, args: unknown, feeds: Record<string, string[]> = {}, count = 1): Params[] {
  const plan = aPlan({
    scenario: { steps: [{ tool, arguments: args }] },
    plan: { feeds: Object.fromEntries(Object.entries(feeds).map(([name, values]) => [name, { values }])) },
  });
  const step = plan.scenarios.calls?.steps[0];
  assert.ok(step);
  const make = compileArguments(step, plan.feeds);
  const random = randomFor(1);
  return Array.from({ length: count }, () => {
    const { operation, head, tail } = make(random);
    assert.equal(operation, `tools/call:${tool}`);
    const message = JSON.parse(`${head}7${tail}`);
    assert.equal(message.id, 7);
    assert.equal(message.method, 'tools/call');
    return message.params as Params;
  });
}

it('sends arguments without placeholders as they are, in one object made once', () => {
  const args = { a: [1, null, true, { b: 'ü "quoted" \\ {{ }} {x}' }], c: 1.5 };
  assert.deepEqual(callsOf('look', args), [{ name: 'look', arguments: args }]);
  const step = aPlan().scenarios.calls?.steps[0];
  assert.ok(step);
  const make = compileArguments(step, {});
  assert.equal(make(randomFor(1)), make(randomFor(2)));
});

it('puts values in wherever texts stand: several in one, nested, in keys', () => {
  const args = { q: '{{a}} and {{ b }}{{a}}', list: [['{{b}}'], { deep: '<{{a}}>' }], '{{a}}': 1 };
  const filled = { q: 'A and BA', list: [['B'], { deep: '<A>' }], A: 1 };
  assert.deepEqual(callsOf('look', args, { a: ['A'], b: ['B'] })[0]?.arguments, filled);
});

it('keeps any value a text, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (value, around) => {
      fc.pre(!/[{}]/.test(around) && value.isWellFormed() && around.isWellFormed());
      const [call] = callsOf('look', { q: `${around}{{a}}${around}` }, { a: [value] });
      assert.deepEqual(call?.arguments, { q: around + value + around });
    }),
    { numRuns: 200 },
  );
  const odd = 'say "hi" \\ \n\t\u0000 \u2028 😀 {{a}}';
  assert.deepEqual(callsOf('look', { q: '{{a}}' }, { a: [odd] })[0]?.arguments, { q: odd });
});

it('draws every value of a feed about as often', () => {
  const calls = callsOf('look', { q: '{{a}}' }, { a: ['x', 'y', 'z'] }, 3000);
  const counts = Map.groupBy(calls, (call) => (call.arguments as { q: string }).q);
  assert.deepEqual([...counts.keys()].toSorted(), ['x', 'y', 'z']);
  for (const { length } of counts.values()) assert.ok(Math.abs(length - 1000) < 150, String(length));
});

it('takes braces that enclose no name for text', () => {
  for (const text of ['{{', '}}', '{{}}', '{{ }}', '{{a b}}', '{{x"}}', '{{x', 'x}}', '{{x\\}}']) {
    assert.deepEqual(callsOf('look', { q: text, deep: { er: { q: text } } })[0]?.arguments, {
      q: text,
      deep: { er: { q: text } },
    });
  }
});

it('takes a tool by its name, even one with braces', () => {
  assert.deepEqual(callsOf('{{a}}"', { q: '{{a}}' }, { a: ['A'] }), [{ name: '{{a}}"', arguments: { q: 'A' } }]);
});
