import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { durationSchema, isSchedule, parseDuration } from '../../src/plan/primitives.ts';

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

describe('isSchedule', () => {
  it('accepts the NCRONTAB that Azure timer triggers accept', () => {
    for (const text of [
      '0 */5 * * * *',
      '30 0 9-17 * * 1-5',
      '0 0 0 * Jan,JUL MON-FRI',
      '0,30 * * * * *',
      '0 0 0 29 2 *',
      ' 0 0  0 1 1 0 ',
      '0 0 0 */7 * 1-5/2',
    ]) {
      assert.ok(isSchedule(text), text);
    }
  });

  it('refuses five or seven fields, and values out of range', () => {
    for (const text of [
      '*/5 * * * *',
      '',
      '0 0 0 * * * *',
      '60 * * * * *',
      '0 0 24 * * *',
      '0 0 0 0 * *',
      'a b c d e f',
    ]) {
      assert.equal(isSchedule(text), false, text);
    }
  });

  it('refuses the notations of other crons that a timer trigger does not accept', () => {
    for (const text of [
      '0 0 0 L * *',
      '0 0 0 15W * *',
      '0 0 0 ? * *',
      '0 0 0 * * 5#2',
      '0 0 0 * * 5L',
      '0 0 0 * * L',
      '0 0 0 * * 7',
      '0 0 0 * * 5-7',
      '@daily',
      '0 0 0 * * +1',
    ]) {
      assert.equal(isSchedule(text), false, text);
    }
  });
});
