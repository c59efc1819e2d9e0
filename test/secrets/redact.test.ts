import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { redactor } from '../../src/secrets/redact.ts';

describe('redactor', () => {
  it('hides a value in the forms in which it travels', () => {
    const value = 'p@ss/wörd +"1"';
    const redact = redactor([value]);
    const forms = [
      value,
      encodeURIComponent(value),
      encodeURIComponent(value).toLowerCase(),
      new URLSearchParams({ q: value }).toString().slice(2),
      Buffer.from(value).toString('base64'),
      Buffer.from(value).toString('base64url'),
      JSON.stringify(value).slice(1, -1),
    ];
    for (const form of forms)
      assert.equal(redact(`before ${form} after ${form}.`), 'before [redacted] after [redacted].');
  });

  it('hides the value inside Basic authentication, wherever it begins', () => {
    const value = 'S3cret-Value-9';
    for (const user of ['', 'u', 'us', 'use', 'user']) {
      const encoded = Buffer.from(`${user}:${value}:`).toString('base64');
      const redacted = redactor([value])(`Basic ${encoded}`);
      assert.match(redacted, /\[redacted\]/, user);
      const left = redacted
        .replace('Basic ', '')
        .split('[redacted]')
        .map((part) => Buffer.from(part, 'base64').toString());
      assert.ok(!left.join('').includes('cret'), redacted);
    }
  });

  it('hides a value that was configured with white space around it', () => {
    assert.equal(redactor(['token-1\n'])('Bearer token-1 was refused'), 'Bearer [redacted] was refused');
  });

  it('hides overlapping values together', () => {
    assert.equal(redactor(['ABCD', 'CDEF', 'DEFGHI'])('xABCDEFGHIx'), 'x[redacted]x');
    assert.equal(redactor(['AAAA'])('AAAAAA'), '[redacted]');
    assert.equal(redactor(['ABCD', 'ABCDEF'])('ABCDEF ABCD'), '[redacted] [redacted]');
  });

  it('leaves short values and other text alone', () => {
    assert.equal(redactor(['', 'abc', '    '])('abc    def'), 'abc    def');
    assert.equal(redactor([])('text'), 'text');
    assert.equal(redactor(['$&.*'])('costs $&.* or $x'), 'costs [redacted] or $x');
  });

  it('leaves no value, whatever the text around it', () => {
    // Without the letters of [redacted], of which a value would find itself in the replacement.
    const secretChar = fc.constantFrom(...'ABCXYZ0189-_/+=%. ~"\\ü🚀');
    const secret = fc
      .string({ unit: secretChar, minLength: 4, maxLength: 30 })
      .filter((value) => value.trim().length >= 4);
    const encode = fc.constantFrom<(value: string) => string>(
      (value) => value,
      encodeURIComponent,
      (value) => Buffer.from(value).toString('base64'),
      (value) => Buffer.from(value).toString('base64url'),
      (value) => JSON.stringify(value),
    );
    const text = fc.string({ unit: fc.oneof(secretChar, fc.constantFrom('q', '<', '\n')), maxLength: 20 });
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), text, text, encode, (values, head, tail, form) => {
        const redacted = redactor(values)(head + values.map(form).join(tail) + tail);
        for (const value of values) {
          for (const shape of [value, value.trim(), form(value)]) assert.ok(!redacted.includes(shape), redacted);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('changes nothing in a text without a value', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'abc d') }), (text) => {
        assert.equal(redactor(['SECRET', '12345'])(text), text);
      }),
    );
  });
});
