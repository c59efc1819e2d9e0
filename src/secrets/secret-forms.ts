import { readingsOf } from './readings.ts';

/** A shorter form occurs in other texts by chance. */
const MIN_FORM_LENGTH = 4;

/** A shorter excerpt of a base64 text occurs in other texts by chance. */
const MIN_BASE64_EXCERPT_LENGTH = 8;

/**
 * Bytes that stand for the same character in some encoding, and letters in both cases: base64 and base64url differ in two
 * characters, forms write a space as `+`, and some programs change the case.
 */
const FOLDED = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x41 && byte <= 0x5a) return byte + 0x20;
  if (byte === 0x2d || byte === 0x20) return 0x2b;
  return byte === 0x5f ? 0x2f : byte;
});

/** Bytes in the form in which they are compared. Keeps the length. @param bytes as characters up to U+00FF */
export function folded(bytes: string): string {
  const all = Buffer.from(bytes, 'latin1');
  for (let at = 0; at < all.length; at++) all[at] = FOLDED[all[at] as number] as number;
  return all.toString('latin1');
}

/**
 * The folded bytes of a secret in every form that a text may have it in, apart from the escapes that a reading undoes: as
 * it is, in hexadecimal digits, and in base64, also within a longer encoded text such as the `user:password` of Basic
 * authentication.
 */
export function formsOf(secret: string): ReadonlySet<string> {
  const forms = new Set<string>();
  for (const value of new Set([secret, secret.trim()])) {
    // A secret that looks as if it had escapes is read without them in some readings of a text.
    for (const { bytes } of [value, value.toLowerCase(), value.toUpperCase()].flatMap(readingsOf)) {
      if (bytes.length >= MIN_FORM_LENGTH) forms.add(folded(bytes));
    }
    for (const bytes of encodedBefore(value)) {
      forms.add(bytes.toString('hex'));
      for (const encoding of ['base64', 'base64url'] as const) forms.add(folded(bytes.toString(encoding)));
      for (const excerpt of base64Excerpts(bytes)) forms.add(folded(excerpt));
    }
  }
  return forms;
}

/** What is encoded in base64 or hexadecimal digits: the value, or the value with escapes. */
function* encodedBefore(value: string): Generator<Buffer> {
  const wellFormed = value.toWellFormed();
  const texts = [
    wellFormed,
    JSON.stringify(wellFormed).slice(1, -1),
    encodeURIComponent(wellFormed),
    new URLSearchParams([['', wellFormed]]).toString().slice(1),
  ];
  for (const text of new Set(texts)) yield Buffer.from(text, 'utf8');
  if (/[\x80-\xff]/.test(value) && !/[^\0-\xff]/.test(value)) yield Buffer.from(value, 'latin1');
}

/**
 * The base64 characters that depend on the bytes alone, for each of the three offsets at which they can begin in a longer
 * text. A character encodes 6 bits, so the first and last one can share bits with the neighbouring bytes.
 */
function* base64Excerpts(bytes: Buffer): Generator<string> {
  for (const offset of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const from = Math.ceil((offset * 8) / 6);
    const to = Math.floor(((offset + bytes.length) * 8) / 6);
    const excerpt = encoded.slice(from, to);
    if (excerpt.length >= MIN_BASE64_EXCERPT_LENGTH) yield excerpt;
  }
}
