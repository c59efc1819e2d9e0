import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import { planText, problemsOf } from '../support/a-plan.ts';
import { onlyProblem, problems, YAML } from './refused-plan.ts';

describe('a hostile file', () => {
  const args = (value: string) => `${YAML}        arguments: {a: ${value}}\n`;

  it('is refused when its aliases expand beyond all bounds, or into themselves', () => {
    const levels = Array.from({ length: 20 }, (_, level) => {
      const item = level === 0 ? 'x' : `*l${level - 1}`;
      return `l${level}: &l${level} [${Array(9).fill(item).join(', ')}]`;
    });
    assert.match(
      onlyProblem(`${levels.join('\n')}\n`).message,
      /at most 1000000 characters once its aliases are expanded/,
    );
    const shared = args(`&a "${'x'.repeat(400_000)}", b: *a, c: *a`);
    assert.match(onlyProblem(shared).message, /once its aliases are expanded/);
    assert.match(onlyProblem(args('&a {b: *a}')).message, /at most 64 levels/);
    assert.match(onlyProblem('targets: &a {web: *a}\n').message, /at most 64 levels/);
  });

  it('is refused when it is too deep or too long', () => {
    for (const depth of [100, 1000, 3000, 50_000]) {
      assert.match(problems(args('['.repeat(depth) + ']'.repeat(depth)))[0]?.message ?? '', /nested/, `${depth}`);
    }
    assert.match(onlyProblem(' '.repeat(1_000_001)).message, /at most 1000000 characters/);
  });

  it('takes time with its length, not with the square of it', () => {
    const keys = Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join('\n');
    const startMs = performance.now();
    assert.equal(problems(keys).length, 101);
    // The square of 60,000 comparisons takes minutes.
    assert.ok(performance.now() - startMs < 20_000);
  });

  it('takes no more time for its references', () => {
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

  it('cannot make the check of a name take for ever', () => {
    assert.equal(problemsOf({ plan: { name: `${'x'.repeat(50_000)}!` } }).length, 2);
  });

  it('never throws, whatever it holds', () => {
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
});
