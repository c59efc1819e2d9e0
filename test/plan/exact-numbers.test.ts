import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { inexactNumberIn, losesDigits, uncertainNumberIn } from '../../src/plan/exact-numbers.ts';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import { problemsOf } from '../support/a-plan.ts';
import { problemsIn, YAML } from './refused-plan.ts';

const LONG = '12345678901234567890';
const TEXT = `expected a number that keeps all its digits, got ${LONG}: write it as text, "${LONG}"`;

describe('a number of a plan', () => {
  const KEPT = ['1', '-5', '1.50', '.5', '+7', '1e3', '9007199254740991', '0.30000000000000004', '1e21', '0x1F', '0'];
  for (const source of KEPT) {
    it(`is kept digit for digit: ${source}`, () => {
      const parsed = parsePlan(`${YAML}        arguments: { id: ${source} }\n`);
      assert.ok(parsed.ok, JSON.stringify(parsed));
      assert.equal(parsed.plan.scenarios.calls?.steps[0]?.arguments?.id, Number(source));
    });
  }

  const REFUSED = [
    LONG,
    `-${LONG}`,
    '9007199254740993',
    '3.14159265358979323846',
    '0123',
    '0xFFFFFFFFFFFFFFFFF',
    '1e-400',
  ];
  for (const source of REFUSED) {
    it(`is refused with its place if its digits would change: ${source}`, () => {
      const [problem] = problemsIn(`${YAML}        arguments: { deep: [1, { id: ${source} }] }\n`);
      assert.equal(problem?.path, 'scenarios.calls.steps[0].arguments.deep[1].id');
      assert.deepEqual([problem?.line, problem?.column], [13, 34]);
      assert.equal(problem?.message, TEXT.replaceAll(LONG, source));
    });
  }

  it('is refused as a key, in a check, in a feed and in JSON too', () => {
    const step = (more: string) => problemsIn(`${YAML}        ${more}\n`)[0];
    assert.equal(step(`arguments: { ${LONG}: 1 }`)?.message, TEXT);
    assert.equal(step(`checks: [{ pointer: /a, equals: ${LONG} }]`)?.path, 'scenarios.calls.steps[0].checks[0].equals');
    const feeds = (feed: string) => problemsIn(`${YAML}feeds: { ids: ${feed} }\n`)[0];
    assert.equal(feeds(`{ values: [1, ${LONG}] }`)?.path, 'feeds.ids.values[1]');
    assert.equal(feeds(`{ rows: [{ id: ${LONG} }] }`)?.path, 'feeds.ids.rows[0].id');
    const json = JSON.stringify({ name: 'x' }).replace('"x"', LONG);
    assert.ok(problemsIn(json).some(({ path, message }) => path === 'name' && message.includes('expected a')));
  });

  it('is refused in the lines and files of a feed, with the line', () => {
    assert.deepEqual(problemsOf({ plan: { feeds: { ids: { jsonl: `{"id": 1}\n{"id": ${LONG}}` } } } }), [
      `feeds.ids.jsonl: line 2: ${TEXT}`,
    ]);
    const readFile = () => `[\n  {"id": "${LONG}"},\n  {"id": ${LONG}}\n]`;
    const parsed = parsePlan(`${YAML}feeds: { ids: { file: ids.json } }\n`, readFile);
    assert.ok(!parsed.ok);
    assert.equal(parsed.problems[0]?.message, `ids.json: line 3: ${TEXT}`);
  });

  it('is a text in CSV, unless a step reads it as JSON', () => {
    const feeds = { ids: { csv: `id\n1\n${LONG}` } };
    const using = (placeholder: string) =>
      problemsOf({ plan: { feeds }, scenario: { steps: [{ tool: 'look', arguments: { id: placeholder } }] } });
    assert.deepEqual(using('{{ids.id}}'), []);
    assert.match(
      using('{{ids.id|json}}')[0] ?? '',
      /reads id as JSON, but row 2 is refused: expected a number that keeps/,
    );
  });
});

describe('finding numbers that would change', () => {
  it('agrees with what JavaScript writes for the number that it reads', () => {
    const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,20})(\.\d{1,20})?$/);
    fc.assert(
      fc.property(digits, (source) => {
        const trimmed = source.includes('.') ? source.replace(/\.?0+$/, '') : source;
        const written = String(Number(source));
        if (!written.includes('e')) assert.equal(losesDigits(source), written !== trimmed.replace(/^-0$/, '0'), source);
      }),
    );
  });

  it('looks outside of texts only, and never throws', () => {
    assert.equal(inexactNumberIn(`{"${LONG}": "a\\\\\\"${LONG}", "b": [1, -2.5e3]}`), undefined);
    assert.deepEqual(inexactNumberIn(`["\\\\", ${LONG}]`), { source: LONG, index: 7 });
    fc.assert(
      fc.property(fc.json(), (json) => {
        assert.equal(inexactNumberIn(json.replaceAll(/-?\d[\d.e+-]*/g, '1')), undefined);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => void inexactNumberIn(text)));
    assert.equal(inexactNumberIn(`"${'\\"'.repeat(500_000)}`), undefined);
  });

  it('finds whole numbers beyond 2^53 in a parsed value', () => {
    assert.equal(uncertainNumberIn({ a: [{ b: 2 ** 53 }] }), 2 ** 53);
    assert.equal(uncertainNumberIn({ a: [1.5, 'x', null, true, Number.MAX_SAFE_INTEGER] }), undefined);
  });
});
