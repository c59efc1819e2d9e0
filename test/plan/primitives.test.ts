import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { durationSchema, parseDuration } from '../../src/plan/primitives.ts';

describe('parseDuration', () => {
  it('adds up numbers with units', () => {
    const cases = { '1h30m': 5_400_000, '1.5s': 1500, '0s': 0, '500ms': 500, '2d': 172_800_000, '1m1m': 120_000 };
    for (const [text, ms] of Object.entries(cases)) assert.equal(parseDuration(text), ms, text);
  });

  it('refuses text without a unit, with a sign or with a space', () => {
    for (const text of ['30', '-5s', '', 's', '1 s', '.5s', '5.s', '1e3s', '5S', '1h ', '٣s']) {
      assert.equal(parseDuration(text), undefined, text);
    }
  });

  it('is exact to the microsecond in spite of binary fractions', () => {
    assert.equal(parseDuration('1.005s'), 1005);
    fc.assert(
      fc.property(fc.nat(1_000_000), (ms) => {
        assert.equal(parseDuration(`${ms / 1000}s`.replace(/e.*/, '')), ms);
        assert.equal(parseDuration(`${ms}ms`), ms);
      }),
    );
  });

  it('enforces the limits of a plan, and names the limit', () => {
    const message = (text: unknown) => durationSchema(1000, '1h').safeParse(text).error?.issues[0]?.message;
    assert.equal(message('1s'), undefined);
    assert.equal(message('1h'), undefined);
    assert.equal(message('999ms'), 'expected at least 1000 ms');
    assert.equal(message('61m'), 'expected at most 1h');
    assert.equal(message('soon'), 'expected a duration such as "30s" or "1h30m"');
    assert.equal(message(30), 'expected a duration such as "30s" or "1h30m"');
    assert.equal(message(`${'9'.repeat(400)}s`), 'expected at most 1h');
  });
});
