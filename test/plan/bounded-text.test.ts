import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { boundedJson, excerpt, quoted } from '../../src/plan/bounded-text.ts';

it('writes what JSON.stringify writes, for values that are neither deep nor large', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), (json) => {
      const value: unknown = JSON.parse(json);
      assert.equal(boundedJson(value, 1_000_000), JSON.stringify(value));
    }),
  );
});

it('neither throws nor writes more than asked for, for values that are deep or large', () => {
  let deep: unknown = [];
  for (let depth = 0; depth < 100_000; depth++) deep = depth % 2 === 0 ? [deep] : { deep };
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`key${at}`, at]));
  for (const value of [deep, wide, Array(1_000_000).fill(deep), 'x'.repeat(1_000_000), { toString: 1, valueOf: 1 }]) {
    const text = boundedJson(value, 100);
    assert.ok(text.length <= 101, `${text.length}`);
    assert.ok(quoted(value, 100).length <= 101);
  }
  assert.match(boundedJson(deep), /…/);
});

it('cuts a text without half a character', () => {
  assert.equal(excerpt('abc', 3), 'abc');
  assert.equal(excerpt('abcd', 3), 'abc…');
  assert.equal(excerpt('ab😀', 3), 'ab\uFFFD…');
});
