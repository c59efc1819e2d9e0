import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { overridePlan } from '../../src/plan/override-plan.ts';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import type { Plan } from '../../src/plan/plan-schema.ts';
import { durationOf } from '../../src/plan/timeline.ts';
import { onlyProblemIn, problemsIn, YAML } from './refused-plan.ts';

const MORE = `${YAML.replace('calls:', 'calls: &common')}  more:
    <<: *common
    vus: 2
`;

function planOf(text: string): Plan {
  const parsed = parsePlan(text);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.plan;
}

describe('a merge key', () => {
  it('takes over the keys that a mapping does not have itself', () => {
    const { calls, more } = planOf(MORE).scenarios;
    assert.deepEqual(more, { ...calls, vus: 2 });
  });

  it('can come last, and can name several mappings, of which the first counts', () => {
    const text = `${YAML}        arguments:
          base: &base { a: 1, b: 2 }
          other: &other { b: 3, c: 4 }
          all: { b: 9, <<: [*base, *other] }
          both: { <<: [*base, *other] }
          nested: { <<: { <<: *base, c: 5 } }
`;
    const sent: Record<string, unknown> = planOf(text).scenarios.calls?.steps[0]?.arguments ?? {};
    assert.deepEqual(
      [sent.all, sent.both, sent.nested],
      [
        { b: 9, a: 1, c: 4 },
        { a: 1, b: 2, c: 4 },
        { a: 1, b: 2, c: 5 },
      ],
    );
  });

  it('is an ordinary key in quotes', () => {
    const { arguments: sent } = planOf(`${YAML}        arguments: { "<<": "a" }\n`).scenarios.calls?.steps[0] ?? {};
    assert.deepEqual(sent, { '<<': 'a' });
  });

  it('is refused with any other value, with its place', () => {
    for (const value of ['5', 'common', '[{}, 1]', '']) {
      const { line, column, message } = onlyProblemIn(`${YAML}        arguments: { <<: ${value} }\n`);
      assert.deepEqual({ line, column }, { line: 13, column: 22 });
      assert.match(message, /^expected a mapping or a list of mappings after <</);
    }
    assert.match(onlyProblemIn(MORE.replace('vus: 2', '<<: *common')).message, /write <<: \[\*one, \*other\]$/);
    assert.match(onlyProblemIn(`${YAML}        arguments: &self { <<: *self }\n`).message, /merged into itself/);
  });

  it('does not hide where a merged key is wrong', () => {
    const [first] = problemsIn(MORE.replace('duration: 10s', 'duration: soon'));
    assert.deepEqual([first?.path, first?.line], ['scenarios.calls.duration', 10]);
    assert.deepEqual(
      problemsIn(MORE.replace('duration: 10s', 'duration: soon')).map(({ line }) => line),
      [10, 10],
    );
  });

  it('keeps to what the command line replaces', () => {
    const staged = MORE.replace('constant-vus', 'ramping-vus')
      .replaceAll(/ {4}vus: .\n/g, '')
      .replace('duration: 10s', 'stages: [{ duration: 4s, target: 2 }]');
    for (const text of [MORE, staged]) {
      const plan = planOf(overridePlan(text, { duration: '3s' }));
      assert.deepEqual(Object.values(plan.scenarios).map(durationOf), [3000, 3000]);
    }
    const targets = YAML.replace('  web:\n    url', '  old: &old\n    auth: &auth { type: none }\n    url')
      .replace('scenarios:', '  web: { <<: *old }\nscenarios:')
      .replace('target: web', 'target: old')
      .concat('  more: { executor: constant-vus, vus: 1, duration: 1s, steps: [], target: web }\n');
    const plan = planOf(overridePlan(targets, { targets: { web: 'http://127.0.0.1:9/mcp' } }));
    assert.deepEqual(
      [plan.targets.old?.url, plan.targets.web?.url],
      ['http://127.0.0.1:4801/mcp', 'http://127.0.0.1:9/mcp'],
    );
  });

  it('cannot make a plan expand beyond the limits, nor throw', () => {
    const levels = Array.from({ length: 30 }, (_, level) => {
      const from = level === 0 ? '{ x: 1 }' : `*l${level - 1}`;
      return `l${level}: &l${level} { k${level}: ${from}, j${level}: ${from}, <<: [${from}, ${from}] }`;
    });
    assert.match(onlyProblemIn(`${levels.join('\n')}\n`).message, /at most 1000000 characters/);
    const wide = Array.from({ length: 1000 }, (_, level) => {
      return `l${level}: &l${level} { k${level}: 1${level === 0 ? '' : `, <<: *l${level - 1}`} }`;
    });
    assert.match(onlyProblemIn(`${wide.join('\n')}\n`).message, /at most 200000 keys from merge keys/);
    const pieces = fc.constantFrom('a', ': ', '{', '}', '[', ']', '\n', '  ', '- ', '&a ', '*a', '<<: ', ', ');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 25 }), (parts) => {
        assert.equal(parsePlan(parts.join('')).ok, false);
        overridePlan(parts.join(''), { targets: { a: 'http://127.0.0.1/' }, duration: '1s' });
      }),
      { numRuns: 300 },
    );
  });
});
