import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { blockKey, blockRange, keyPart, newestFirst, planRunKey } from '../../src/store/table-keys.ts';

const runId = fc.string({
  unit: fc.constantFrom(...'-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'),
  minLength: 1,
  maxLength: 40,
});
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: fc.constantFrom(...'a=2F~|/') }),
);

it('keyPart keeps plain ids and escapes other characters', () => {
  assert.equal(keyPart('Run_1-a.b'), 'Run_1-a.b');
  assert.equal(keyPart('a/b|c'), 'a=2Fb=7Cc');
  assert.equal(keyPart('é'), '=C3=A9');
  assert.equal(keyPart(''), '');
});

it('keyPart makes keys that Table Storage accepts, a different one for every text', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.match(keyPart(a), /^[0-9A-Za-z._=~-]{0,150}$/);
      assert.equal(keyPart(a) === keyPart(b), Buffer.from(a).equals(Buffer.from(b)));
    }),
  );
  const long = 'x'.repeat(500);
  assert.notEqual(keyPart(`${long}a`), keyPart(`${long}b`));
});

it('newestFirst reverses the order of run ids', () => {
  fc.assert(
    fc.property(runId, runId, (a, b) => {
      fc.pre(a !== b);
      assert.equal(a < b, newestFirst(a) > newestFirst(b));
    }),
  );
});

it('newestFirst refuses text that is not a run id', () => {
  for (const id of ['', 'a b', 'a/b', 'a|b', 'é', 'x'.repeat(151)]) {
    assert.throws(() => newestFirst(id), /must be 1 to 150 letters/, id);
  }
});

it('includes the blocks of an attempt, and nothing else, in its range', () => {
  fc.assert(
    fc.property(text, text, fc.nat(999_999), (attempt, other, seq) => {
      const { from, to } = blockRange('r', 's', attempt);
      const isIn = (attemptId: string) => {
        const { rowKey } = blockKey('r', 's', attemptId, seq);
        return rowKey >= from && rowKey < to;
      };
      assert.ok(isIn(attempt));
      assert.equal(isIn(other), keyPart(other) === keyPart(attempt));
    }),
  );
});

it('makes keys of at most 512 characters, the limit of Azurite', () => {
  const long = '🚀'.repeat(500);
  for (const key of [blockKey(long, long, long, 999_999), planRunKey(long, 'r'.repeat(150))]) {
    assert.ok(key.partitionKey.length <= 512 && key.rowKey.length <= 512);
  }
});
