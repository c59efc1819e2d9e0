import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Redactor } from '../../src/secrets/redact.ts';
import { decodedViews, drawFrom, ENCODINGS, ESCAPES } from './encoders.ts';

/** So many bytes of a secret may be left, because a part so short says little: anywhere, and at the end of a cut text. */
const LEFT = 15;
const LEFT_AT_CUT = 8;

/** Characters of real secrets and those that encodings change. None occur in the texts around a secret. */
const secret = fc
  .oneof(
    fc.string({ unit: fc.constantFrom(...'ABXYZ0189qwz-_/+=%. ~"\\&<>\'ü§🚀'), minLength: 8, maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'), minLength: 100, maxLength: 400 }),
    fc.string({ unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/'), minLength: 20, maxLength: 100 }),
  )
  .filter((value) => value.trim().length >= 8 && new Set(value).size > 4);

const around = fc.string({ unit: fc.constantFrom(...'ghj ,:{}[]"\n\'('), maxLength: 20 });
const escapes = fc.array(fc.constantFrom(...Object.keys(ESCAPES)), { maxLength: 2 });

/** The longest run of a secret that can be read in a text, in whatever way. */
function readableBytes(text: string, value: string): number {
  const views = decodedViews(text.replaceAll('[redacted]', '|'));
  const whole = value.toLowerCase().trim();
  let longest = 0;
  for (let from = 0; from < whole.length; from++) {
    while (from + longest < whole.length) {
      const part = whole.slice(from, from + longest + 1);
      if (!views.some((view) => view.includes(part))) break;
      longest++;
    }
  }
  return longest;
}

describe('a redacted text', () => {
  for (const name of Object.keys(ENCODINGS)) {
    it(`shows no secret ${name}, with any escapes, wherever it stands and is cut`, () => {
      fc.assert(
        fc.property(
          secret,
          escapes,
          around,
          around,
          fc.nat(),
          fc.boolean(),
          (value, layers, head, tail, seed, isCut) => {
            const draw = drawFrom(seed);
            let encoded = ENCODINGS[name]?.(value, draw) ?? '';
            for (const layer of layers) encoded = ESCAPES[layer]?.(encoded, draw) ?? '';
            const whole = `${head}${encoded}${tail}`;
            const text = isCut ? `${whole.slice(0, head.length + Math.ceil(draw() * encoded.length))}…` : whole;
            const left = new Redactor([value]).redact(text);
            const most = isCut ? LEFT_AT_CUT : Math.min(LEFT, Math.floor(value.length / 2));
            const readable = readableBytes(left, value);
            assert.ok(readable <= most, `${readable} characters of ${JSON.stringify(value)} in ${left}, from ${text}`);
            if (!isCut) assert.ok(!left.includes(encoded), left);
          },
        ),
        { numRuns: 60 },
      );
    });
  }

  it('shows no part of a long token that was cut anywhere', () => {
    const token = Array.from({ length: 5400 }, (_, at) =>
      'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'.charAt((at * at * 7 + at * 13) % 61),
    ).join('');
    const redactor = new Redactor([token]);
    for (const cut of [20, 64, 300, 4096, 5399]) {
      const text = `Bearer ${token.slice(0, cut)}`;
      assert.equal(redactor.redact(text), 'Bearer [redacted]');
      assert.equal(redactor.redact(`${text}…`), 'Bearer [redacted]…');
      assert.equal(redactor.redact(`{"sent":"${text}… (shortened)"}`), '{"sent":"Bearer [redacted]… (shortened)"}');
      assert.equal(redactor.redact(`${token.slice(cut - 20, cut)} was refused`), '[redacted] was refused');
    }
  });

  it('shows no secret whose first characters look like the end of an escape before it', () => {
    for (const [before, value, encoded] of [
      ['%', 'ab cd efg', 'ab%20cd%20efg'],
      ['%A', 'A AAA', 'A%20AAA'],
      ['C:\\', 'note+book', 'note%2bbook'],
      ['C:\\', 'note"book', 'note\\"book'],
      ['\\', 'u0041+b"c', 'u0041+b\\"c'],
      ['\\x', '41+b"cdef', '41+b\\"cdef'],
      ['&#', '65+b<cdef', '65+b&lt;cdef'],
    ] as const) {
      const left = new Redactor([value]).redact(`${before}${encoded} is wrong`);
      assert.match(left, /\[redacted\] is wrong$/, left);
      assert.ok(left.length < before.length + '[redacted] is wrong'.length + 2, left);
    }
  });

  it('keeps everything around a secret', () => {
    fc.assert(
      fc.property(around, around, fc.constantFrom(...Object.keys(ENCODINGS)), fc.nat(), (head, tail, name, seed) => {
        const value = 'S3cret+Value/With=Signs&More';
        const encoded = ENCODINGS[name]?.(value, drawFrom(seed)) ?? '';
        const left = new Redactor([value]).redact(`${head}<${encoded}>${tail}`);
        assert.ok(left.startsWith(`${head}<`) && left.endsWith(`>${tail}`), left);
      }),
    );
  });

  it('shows nothing of a body with a token of OAuth', () => {
    for (const body of [
      '{"access_token":"abc","token_type":"Bearer"}',
      '{ "token_type": "Bearer", "refresh_token" : "abc" }',
      'HTTP 201: {"id_token":"eyJ',
      'access_token=abc&expires_in=3600',
      "{'accessToken': 'abc'}",
      'ID_TOKEN: abc',
      '<access_token>abc</access_token>',
      JSON.stringify({ text: JSON.stringify({ access_token: 'abc' }) }),
      '%7B%22access_token%22%3A%22abc%22%7D',
      '{&quot;access_token&quot;:&quot;abc&quot;}',
      '{"\\u0061ccess_token":"abc"}',
    ]) {
      assert.equal(new Redactor().redact(body), '[not shown: the text contains a token]', body);
    }
    for (const body of [
      'The access_token expired.',
      '{"error":"invalid_token","error_description":"no access_token in the request"}',
      '{"access_token":""}',
    ]) {
      assert.equal(new Redactor(['SECRET-VALUE']).redact(body), body);
    }
  });

  it('takes little time however long it is and whatever it contains', () => {
    const redactor = new Redactor(Array.from({ length: 10 }, (_, at) => `${at}SECRET`.repeat(at * 60 + 1)));
    redactor.redact('');
    for (const piece of [
      'plain text ',
      '%25',
      '\\u0025',
      '&amp;',
      'a%25\\u0041&amp;\n',
      '1SECRE',
      '...',
      '%',
      '\\',
      '&',
    ]) {
      for (const length of [10_000, 1_000_000]) {
        const text = piece.repeat(length / piece.length);
        const startMs = performance.now();
        const left = redactor.redact(text);
        assert.ok(performance.now() - startMs < 2000, piece);
        assert.ok(left.length < 40_000);
      }
    }
  });
});
