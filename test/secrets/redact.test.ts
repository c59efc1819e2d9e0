import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { Redactor } from '../../src/secrets/redact.ts';

const redacted = (text: string, ...values: string[]) => new Redactor(values).redact(text);

it('Redactor hides a value in the encodings that requests and replies use', () => {
  const value = 'p@ss/wörd +"1"';
  const forms = [
    value,
    encodeURIComponent(value),
    encodeURIComponent(value).toLowerCase(),
    new URLSearchParams({ q: value }).toString().slice(2),
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('base64url'),
    JSON.stringify(value).slice(1, -1),
  ];
  for (const form of forms) {
    assert.equal(redacted(`before ${form} after ${form}.`, value), 'before [redacted] after [redacted].');
  }
});

it('Redactor hides a value within Basic authentication, at any offset', () => {
  const value = 'S3cret-Value-9';
  for (const user of ['', 'u', 'us', 'use', 'user']) {
    const text = redacted(`Basic ${Buffer.from(`${user}:${value}:`).toString('base64')}`, value);
    assert.match(text, /\[redacted\]/, user);
    const left = text
      .replace('Basic ', '')
      .split('[redacted]')
      .map((rest) => Buffer.from(rest, 'base64').toString());
    assert.ok(!left.join('').includes('cret'), text);
  }
});

it('Redactor hides a value that was configured with white space around it', () => {
  assert.equal(redacted('Bearer token-1 was refused', 'token-1\n'), 'Bearer [redacted] was refused');
});

it('Redactor hides overlapping values together', () => {
  assert.equal(redacted('xABCDEFGHIx', 'ABCD', 'CDEF', 'DEFGHI'), 'x[redacted]x');
  assert.equal(redacted('AAAAAA', 'AAAA'), '[redacted]');
  assert.equal(redacted('ABCDEF ABCD', 'ABCD', 'ABCDEF'), '[redacted] [redacted]');
});

it('Redactor leaves short values and other text alone', () => {
  assert.equal(redacted('abc    def', '', 'abc', '    '), 'abc    def');
  assert.equal(redacted('text'), 'text');
  assert.equal(redacted('costs $&.* or $x', '$&.*'), 'costs [redacted] or $x');
});

it('Redactor hides a value from the moment it is added', () => {
  const redactor = new Redactor(['first-value']);
  assert.equal(redactor.redact('first-value, second-value'), '[redacted], second-value');
  redactor.add('second-value');
  redactor.add('second-value');
  assert.equal(redactor.redact('first-value, second-value'), '[redacted], [redacted]');
});

it('Redactor leaves no value in a text, whatever surrounds it', () => {
  // Without the letters of [redacted], because a value made of them would be found in the replacement.
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
      const left = redacted(head + values.map(form).join(tail) + tail, ...values);
      for (const value of values) {
        for (const shape of [value, value.trim(), form(value)]) assert.ok(!left.includes(shape), left);
      }
    }),
    { numRuns: 300 },
  );
});

it('Redactor changes nothing in a text without a value', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'abc d') }), (text) => {
      assert.equal(redacted(text, 'SECRET', '12345'), text);
    }),
  );
});
