const REDACTED = '[redacted]';

/** Shorter values protect nothing, and hiding them everywhere would make messages unreadable. */
const MIN_VALUE_LENGTH = 4;

/** The middle of a base64 text that is shorter than this turns up in other texts by chance. */
const MIN_BASE64_PART_LENGTH = 8;

/**
 * Makes a function that replaces every occurrence of the given values by `[redacted]`: as they are, without the white
 * space around them, URL-encoded, as in a JSON string, and in base64, also as a part of a longer encoded text such as
 * the `user:password` of Basic authentication. Overlapping occurrences are hidden together. Values of fewer than four
 * characters, not counting white space around them, are left alone. Redact before shortening: the first half of a secret
 * is not recognised.
 */
export function redactor(values: readonly string[]): (text: string) => string {
  const forms = new Set(
    values
      .flatMap((value) => [value, value.trim()])
      .filter(isLongEnough)
      .flatMap((value) => [...formsOf(value)]),
  );
  return (text) => {
    const spans: { readonly start: number; end: number }[] = [];
    for (const [start, end] of occurrences(text, forms)) {
      const last = spans.at(-1);
      if (last !== undefined && start < last.end) last.end = Math.max(last.end, end);
      else spans.push({ start, end });
    }
    let kept = 0;
    let redacted = '';
    for (const { start, end } of spans) {
      redacted += text.slice(kept, start) + REDACTED;
      kept = end;
    }
    return redacted + text.slice(kept);
  };
}

function isLongEnough(value: string): boolean {
  return value.trim().length >= MIN_VALUE_LENGTH;
}

/** Start and end of every occurrence of any form, in order of start; they may overlap. */
function occurrences(text: string, forms: ReadonlySet<string>): (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  for (const form of forms) {
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) found.push([at, at + form.length]);
  }
  return found.sort(([a], [b]) => a - b);
}

function* formsOf(value: string): Generator<string> {
  yield value;
  yield JSON.stringify(value).slice(1, -1);
  const wellFormed = value.toWellFormed();
  for (const encoded of [encodeURIComponent(wellFormed), new URLSearchParams([['', wellFormed]]).toString().slice(1)]) {
    yield encoded;
    yield encoded.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  }
  for (const encoding of ['base64', 'base64url'] as const) {
    yield Buffer.from(value).toString(encoding);
    yield* base64Parts(value, encoding);
  }
}

/**
 * The characters of base64 that the value alone decides, for each of the three places at which it may begin in a longer
 * text: a character holds 6 bits, so those at either end may share theirs with the neighbouring bytes.
 */
function* base64Parts(value: string, encoding: 'base64' | 'base64url'): Generator<string> {
  const bytes = Buffer.from(value);
  for (const offset of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString(encoding);
    const from = Math.ceil((offset * 8) / 6);
    const to = Math.floor(((offset + bytes.length) * 8) / 6);
    const part = encoded.slice(from, to);
    if (part.length >= MIN_BASE64_PART_LENGTH) yield part;
  }
}
