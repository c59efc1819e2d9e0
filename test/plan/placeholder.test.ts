import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { PLACEHOLDER, parsePlaceholder, placeholdersIn } from '../../src/plan/placeholder.ts';

it('reads values with their columns', () => {
  const cases = {
    rows: { name: 'rows', json: false },
    ' rows ': { name: 'rows', json: false },
    'rows.page': { name: 'rows', column: 'page', json: false },
    'rows.first name': { name: 'rows', column: 'first name', json: false },
    'rows.a.b': { name: 'rows', column: 'a.b', json: false },
    'rows|json': { name: 'rows', json: true },
    'rows.page | json': { name: 'rows', column: 'page', json: true },
    _x1: { name: '_x1', json: false },
  };
  for (const [inner, expected] of Object.entries(cases)) {
    assert.deepEqual(parsePlaceholder(inner), { kind: 'value', ...expected }, inner);
  }
});

it('reads generators with their arguments', () => {
  const cases = {
    $uuid: ['uuid'],
    '$vu()': ['vu'],
    $iteration: ['iteration'],
    '$integer(1,100)': ['integer', '1', '100'],
    ' $integer ( -5 , 5 ) ': ['integer', '-5', '5'],
    '$number(0,1)': ['number', '0', '1'],
    '$number(-0.5, 1e3)': ['number', '-0.5', '1e3'],
    '$string(12)': ['string', '12'],
    '$words(3)': ['words', '3'],
    '$pick(a)': ['pick', 'a'],
    '$pick(a, b c ,)': ['pick', 'a', 'b c', ''],
  };
  for (const [inner, [generator, ...args]] of Object.entries(cases)) {
    assert.deepEqual(parsePlaceholder(inner), { kind: 'generated', generator, args }, inner);
  }
});

it('explains what is wrong with other placeholders', () => {
  const cases = {
    '': /expected the name of a feed or capture/,
    'a b': /expected the name of a feed or capture/,
    '1st': /expected the name of a feed or capture/,
    'rows.': /expected the name of a feed or capture/,
    'rows. |json': /expected the name of a feed or capture/,
    'rows|upper': /expected \|json or nothing, got "\|upper"/,
    $uid: /expected a generator, one of \$uuid, .*\$pick\(a,b,c\)$/,
    $: /expected a generator/,
    $constructor: /expected a generator/,
    '$uuid|json': /expected a generator/,
    '$uuid(1)': /expected no arguments in \$uuid/,
    '$integer(1)': /expected a minimum and a maximum in \$integer, e\.g\. \$integer\(1,100\)/,
    '$integer(5,1)': /a minimum and a maximum/,
    '$integer(1.5,2)': /a minimum and a maximum/,
    '$integer(,2)': /a minimum and a maximum/,
    '$number(0,one)': /a minimum and a maximum/,
    '$string(0)': /a whole number from 1 to 10000/,
    '$words(1001)': /a whole number from 1 to 1000/,
    '$pick()': /at least one value/,
  };
  for (const [inner, expected] of Object.entries(cases)) {
    const parsed = parsePlaceholder(inner);
    assert.ok('problem' in parsed, inner);
    assert.match(parsed.problem, expected, inner);
  }
});

it('finds placeholders in all texts of a value, and none across two texts', () => {
  assert.deepEqual(placeholdersIn({ '{{key}}': ['{{ a.b }} {{a.b}}', { c: 'x{{$pick(a, b)}}y' }], d: 1 }), [
    'key',
    'a.b',
    '$pick(a, b)',
  ]);
  assert.deepEqual(placeholdersIn(['{{a', 'b}}', '{{"a"}}', '{{a\\}}', '{{\n}}', '{a}', '{{}}']), []);
});

it('splits JSON at the same places as the text inside it', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('{{', '}}', '{', '}', '"', '\\', 'a', ' ', '\n', ',', '$', '|')), (parts) => {
      const text = parts.join('');
      const inJson = JSON.stringify(text).split(PLACEHOLDER);
      // The rest around the placeholders is still the inside of a JSON string.
      const outside = inJson.filter((_, index) => index % 2 === 0).join('');
      assert.equal(typeof JSON.parse(outside), 'string');
      assert.equal(inJson.length % 2, 1);
    }),
  );
});
