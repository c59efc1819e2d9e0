import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { overridePlan } from '../../src/plan/override-plan.ts';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import { planExtent } from '../../src/plan/slices.ts';
import { planText, problemsOf } from '../support/a-plan.ts';
import { onlyProblemIn, problemsIn, YAML } from './refused-plan.ts';
import { NEARLY_PLANS, SLOW_TEXTS } from './slow-texts.ts';

const args = (value: string) => `${YAML}        arguments: {a: ${value}}\n`;

it('refuses aliases that expand beyond the limit or into themselves', () => {
  const levels = Array.from({ length: 20 }, (_, level) => {
    const item = level === 0 ? 'x' : `*l${level - 1}`;
    return `l${level}: &l${level} [${Array(9).fill(item).join(', ')}]`;
  });
  assert.match(
    onlyProblemIn(`${levels.join('\n')}\n`).message,
    /at most 1000000 characters once its aliases are expanded/,
  );
  const shared = args(`&a "${'x'.repeat(400_000)}", b: *a, c: *a`);
  assert.match(onlyProblemIn(shared).message, /once its aliases are expanded/);
  assert.match(onlyProblemIn(args('&a {b: *a}')).message, /at most 64 levels/);
  assert.match(onlyProblemIn('targets: &a {web: *a}\n').message, /at most 64 levels/);
});

it('refuses text that is nested too deeply or too long', () => {
  for (const depth of [100, 1000, 3000, 50_000]) {
    assert.match(problemsIn(args('['.repeat(depth) + ']'.repeat(depth)))[0]?.message ?? '', /nested/, `${depth}`);
  }
  assert.match(onlyProblemIn(' '.repeat(1_000_001)).message, /at most 1000000 characters/);
});

for (const [name, text] of Object.entries(SLOW_TEXTS)) {
  const isBounded = !NEARLY_PLANS.includes(name);
  it(`${isBounded ? 'refuses' : 'gives up on'} a million characters of ${name} before parsing takes long`, () => {
    const problems = problemsIn(text(isBounded ? 990_000 : 50_000));
    if (isBounded) assert.match(problems[0]?.message ?? '', /^expected (a plan (nested |of )?)?at most \d+ /);
    assert.ok(problems.length <= (isBounded ? 1 : 201), `${problems.length} problems`);
  });
}

it('stops at the first of many errors, and says where they are', () => {
  const [first, ...others] = problemsIn(`a: 1\nb: "${'\\q'.repeat(400_000)}"`);
  assert.deepEqual([first?.line, first?.column, others.length], [2, 5, 99]);
  const [deep] = problemsIn(`a: 1\n  b: [${'['.repeat(400_000)}`);
  assert.deepEqual([deep?.line, deep?.column], [2, 6 + 62]);
});

it('replaces durations in thousands of stages without reading the plan for each of them', () => {
  const stages = Array.from({ length: 3000 }, () => ({ duration: '1s', target: 1 }));
  const scenario = { executor: 'ramping-vus', vus: undefined, duration: undefined, stages };
  const parsed = parsePlan(overridePlan(planText({ scenario }), { duration: '10m' }));
  assert.ok(parsed.ok);
  assert.equal(planExtent(parsed.plan).durationMs, 600_000);
});

it('takes time in proportion to the length of the text, not to its square', () => {
  const keys = Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join('\n');
  const startMs = performance.now();
  assert.equal(problemsIn(keys).length, 101);
  // The square of 60,000 comparisons takes minutes.
  assert.ok(performance.now() - startMs < 20_000);
});

it('checks very many references quickly', () => {
  const many = <Value>(make: (index: number) => Value) => Array.from({ length: 4000 }, (_, index) => make(index));
  const rows = many((index) => ({ [`a${index % 2}`]: '1', [`a${(index + 1) % 2}`]: '{}' }));
  const braces = `${'{{$'.repeat(3000)}${'"'.repeat(3000)}{{$${'a'.repeat(3000)}`;
  const steps = many((index) => ({
    tool: `t${index}`,
    arguments: { a: `{{f${index}x}}{{rows.a0|json}}`, b: braces },
  }));
  const startMs = performance.now();
  for (const plan of [
    { feeds: { rows: { rows } } },
    { feeds: Object.fromEntries(many((index) => [`f${index}`, { values: [1] }])) },
    { feeds: { wide: { csv: `${many((index) => `c${index}`).join(',')}\n1` } } },
    {
      thresholds: Object.fromEntries(many((index) => [`mcp_requests{operation:tools/call:u${index}}`, ['count>1']])),
    },
  ]) {
    const scenario = { steps: 'thresholds' in plan ? steps.map(({ tool }) => ({ tool })) : steps.slice(0, 20) };
    const said = problemsOf({ plan, scenario });
    assert.ok(said.length > 1 && said.every((problem) => !problem.includes('characters')), said[0]);
  }
  const short = steps.map(({ tool, arguments: { a } }) => ({ tool, arguments: { a } }));
  assert.ok(
    problemsOf({ plan: { feeds: { rows: { rows: rows.slice(0, 500) } } }, scenario: { steps: short } }).length > 100,
  );
  assert.ok(performance.now() - startMs < 30_000);
});

it('checks a very long name quickly', () => {
  assert.equal(problemsOf({ plan: { name: `${'x'.repeat(50_000)}!` } }).length, 2);
});

it('never throws, whatever the text contains', () => {
  const pieces = fc.constantFrom(
    'name',
    'targets',
    'scenarios',
    ': ',
    '{',
    '}',
    '[',
    ']',
    '\n',
    '  ',
    '- ',
    '&a ',
    '*a',
    '"',
    "'",
    '!!',
    '|',
    'x',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 25 }), (parts) => {
      assert.equal(parsePlan(parts.join('')).ok, false);
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom('targets', 'scenarios', 'thresholds', 'feeds'), (value, key) => {
      const parsed = parsePlan(planText({ plan: { [key]: value } }));
      assert.ok(parsed.ok || parsed.problems.length > 0);
    }),
    { numRuns: 300 },
  );
});
