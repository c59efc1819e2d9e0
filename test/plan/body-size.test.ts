import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { problemsOf } from '../support/a-plan.ts';

const CAPTURE = { id: { pointer: '/id' } };

/** The problems of a plan with a step of these arguments, after a step that captures `id`. */
function problemsWith(args: object, feeds: object = {}): string[] {
  const steps = [
    { tool: 'find', capture: CAPTURE },
    { tool: 'look', arguments: args },
  ];
  return problemsOf({ scenario: { steps, order: 'fixed' }, plan: { feeds } });
}

for (const [what, args, feeds] of [
  ['a long generated text, repeated', { q: '{{$string(10000)}}'.repeat(500) }],
  ['words, repeated in several places', { list: Array(300).fill('{{$words(1000)}}') }],
  ['a captured value, repeated', { q: '{{id}}'.repeat(40) }],
  ['a long row of a feed, repeated', { q: '{{rows}}'.repeat(60) }, { rows: { values: ['a', 'x'.repeat(100_000)] } }],
  [
    'a pick of a long value, repeated',
    { q: `{{$pick(a,${'b'.repeat(5000)})}}`.repeat(100) + '{{$string(10000)}}'.repeat(370) },
  ],
  ['a key with a placeholder', { ['{{$string(10000)}}'.repeat(500)]: 1 }],
] as const) {
  it(`refuses a step whose request could become too long: ${what}`, () => {
    const [problem, ...more] = problemsWith(args, feeds);
    assert.deepEqual(more, []);
    assert.match(
      problem ?? '',
      /^scenarios\.calls\.steps\[1\]\.arguments: expected at most 4194304 characters once the placeholders are filled, got up to \d{7,}$/,
    );
  });
}

it('accepts long arguments without placeholders, and many short placeholders', () => {
  assert.deepEqual(problemsWith({ q: 'x'.repeat(900_000) }), []);
  assert.deepEqual(problemsWith({ q: '{{$uuid}} {{$integer(1,9)}} {{id}}'.repeat(20) }), []);
});

it('counts at least what is sent, for any text with placeholders', async () => {
  const { bodyProblems } = await import('../../src/plan/body-size.ts');
  const { UsedFeeds } = await import('../../src/scenario/feeds.ts');
  const { compileTemplate } = await import('../../src/scenario/template.ts');
  const feed = { columns: ['value'], rows: [['a"\n'], [{ x: ['"'] }], [7]], order: 'sequential', repeat: true };
  const piece = fc.constantFrom(
    'a',
    '"',
    '\u0000',
    '{{$string(50)}}',
    '{{$words(3)}}',
    '{{$uuid}}',
    '{{f}}',
    '{{$pick(a,bb)}}',
    '{{$number(0,1)}}',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.integer({ min: 0, max: 2 }), (pieces, row) => {
      const value = { k: pieces.join('') };
      const feeds = { f: feed } as never;
      const random = () => 0.999_999;
      const text = compileTemplate(value, new UsedFeeds(feeds)).fill({
        random,
        vu: 1,
        iteration: 1,
        rows: [row],
        captured: new Map(),
      });
      // Enough repetitions to be refused, so that the message tells the size.
      const times = 500_000;
      const steps = [{ arguments: { k: Array(10).fill(value.k).join(''), pad: 'x'.repeat(4 * 1024 * 1024 + times) } }];
      const [problem] = bodyProblems({ feeds, scenarios: { calls: { steps } } } as never);
      const size = Number(/got up to (\d+)$/.exec(problem?.message ?? '')?.[1]);
      assert.ok(size - (4 * 1024 * 1024 + times) >= (text.length - 10) * 10, `${size} ${text.length}`);
    }),
    { numRuns: 100 },
  );
});
