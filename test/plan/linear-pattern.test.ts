import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { compilePattern, LinearPattern } from '../../src/plan/linear-pattern.ts';

function compiled(source: string): LinearPattern {
  const pattern = compilePattern(source);
  return pattern instanceof LinearPattern ? pattern : assert.fail(`${source}: ${pattern.fault}`);
}

const ATOMS = [
  ...[
    'a',
    'b',
    'Z',
    '0',
    ' ',
    'é',
    '😀',
    '.',
    '\\d',
    '\\D',
    '\\w',
    '\\W',
    '\\s',
    '\\S',
    '\\n',
    '\\t',
    '\\v',
    '\\0',
    '\\cJ',
  ],
  ...[
    '\\u0061',
    '\\u{1F600}',
    '\\ud83d\\ude00',
    '\\x62',
    '\\/',
    '\\.',
    '\\[',
    '\\\\',
    '\\p{L}',
    '\\p{Script=Greek}',
    '\\P{Lu}',
  ],
  ...[
    '[ab]',
    '[^ab]',
    '[a-z]',
    '[\\s\\S]',
    '[^\\s]',
    '[\\S]',
    '[\\d-]',
    '[\\b]',
    '[[:a]',
    '[^]',
    '[]',
    '[.]',
    '[\\]]',
    '[\\w.]',
  ],
];
const atom = fc.constantFrom(...ATOMS);
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '{2}', '{1,3}', '{0,2}?');
const term: fc.Arbitrary<string> = fc.letrec<{ term: string; piece: string; group: string }>((tie) => ({
  piece: fc.tuple(fc.oneof(atom, atom, tie('group')), quantifier).map((parts) => parts.join('')),
  group: fc
    .tuple(fc.constantFrom('(', '(?:', '(?<n>'), fc.array(tie('term'), { minLength: 1, maxLength: 2 }))
    .map(([open, terms]) => `${open}${terms.join('|')})`),
  term: fc.array(tie('piece'), { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join('')),
})).term;
const pattern = fc
  .tuple(fc.constantFrom('', '^', '\\b'), term, fc.constantFrom('', '$', '\\B'))
  .map((parts) => parts.join(''))
  // RE2 knows each name once.
  .filter((source) => source.split('(?<n>').length <= 2);
const text = fc
  .array(fc.constantFrom(...'abZ0 é😀.\n\t\v\r\0/[]\\:-_αΩ\u00a0\u2028\ufeff'), { maxLength: 12 })
  .map((characters) => characters.join(''));

it('finds what JavaScript finds, for any pattern and text', () => {
  let tried = 0;
  let found = 0;
  fc.assert(
    fc.property(pattern, fc.array(text, { minLength: 5, maxLength: 5 }), (source, texts) => {
      let native: RegExp;
      try {
        native = new RegExp(source, 'u');
      } catch {
        return;
      }
      const linear = compiled(source);
      for (const each of texts) {
        const match = native.exec(each);
        tried++;
        assert.equal(linear.test(each), match !== null, JSON.stringify([source, each]));
        if (match === null) assert.equal(linear.find(each), undefined);
        // Of repetitions that may be empty, the engines try different ones first; whether there is a match is the same.
        else if (match.length === 1 && !source.includes('?'))
          assert.equal(linear.find(each), match[0], JSON.stringify([source, each]));
        if (match !== null) found++;
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(found > tried / 10 && found < tried, `${found} of ${tried}`);
});

it('captures the first group, or the whole match when there is no group', () => {
  assert.equal(compiled('id=(\\d+)').find('x id=42 y'), '42');
  assert.equal(compiled('\\d+').find('x id=42 y'), '42');
  assert.equal(compiled('(?<id>\\d+)').find('x id=42 y'), '42');
  assert.equal(compiled('(a)|b').find('b'), undefined);
  assert.equal(compiled('c').find('b'), undefined);
});

it('takes time in proportion to the text, for patterns that take JavaScript for ever', () => {
  const started = performance.now();
  assert.equal(compiled('^(a+)+$').test(`${'a'.repeat(100_000)}b`), false);
  assert.equal(compiled('(x+x+)+y').test('x'.repeat(100_000)), false);
  assert.equal(compiled('(.*a){12}b').test('a'.repeat(10_000)), false);
  assert.ok(performance.now() - started < 3000);
});

it('refuses to read a text that would take too long, with an error for its size', () => {
  const long = compiled('(a|b)*a(a|b){200}c');
  assert.throws(() => long.test('ab'.repeat(100_000)), RangeError);
  assert.throws(() => long.find('ab'.repeat(100_000)), /too long for the pattern \/\(a\|b\)/);
  assert.equal(compiled('abc').test(`${'x'.repeat(1_000_000)}abc`), true);
});

for (const [source, fault] of [
  ['(', /a JavaScript regular expression/],
  ['(?=a)', /lookarounds/],
  ['(?!a)', /lookarounds/],
  ['(?<=a)b', /lookarounds/],
  ['(?<!a)b', /lookarounds/],
  ['(a)\\1', /back references such as \\1/],
  ['(?<n>a)\\k<n>', /back references/],
  ['a{1001}', /RE2 can run, which takes linear time: invalid repeat count/],
  ['((a{100}){100}){100}', /linear time|fewer or shorter/],
  ['\\p{Emoji_Presentation=x}', /JavaScript/],
] as const) {
  it(`refuses ${source}, and says why`, () => {
    const pattern = compilePattern(source);
    assert.ok('fault' in pattern);
    assert.match(pattern.fault, fault);
  });
}
