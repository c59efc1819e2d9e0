const REDACTED = '[redacted]';

/** Shorter values protect nothing, and replacing them everywhere would make messages unreadable. */
const MIN_VALUE_LENGTH = 4;

/** A shorter excerpt of a base64 text occurs in other texts by chance. */
const MIN_BASE64_EXCERPT_LENGTH = 8;

/**
 * Replaces every occurrence of its secrets by `[redacted]`. A secret is recognised as it is, without surrounding white
 * space, URL-encoded, as in a JSON string, and in base64, also within a longer encoded text such as the `user:password`
 * of Basic authentication. Overlapping occurrences are replaced together. Values of fewer than four characters, not
 * counting surrounding white space, are ignored.
 */
export class Redactor {
  readonly #values = new Set<string>();
  /** All encodings of all values, computed once for each value. */
  readonly #forms = new Set<string>();

  constructor(values: Iterable<string> = []) {
    for (const value of values) this.add(value);
  }

  /** Adds a secret. It is replaced in every text that is redacted from now on. */
  add(value: string): void {
    if (this.#values.has(value)) return;
    this.#values.add(value);
    for (const form of [value, value.trim()].filter(isLongEnough).flatMap((each) => [...formsOf(each)])) {
      this.#forms.add(form);
    }
  }

  /** Redacts a text. Redact before you shorten it: the first half of a secret is not recognised. */
  redact(text: string): string {
    let redacted = '';
    let keptTo = 0;
    for (const { start, end } of mergeOverlaps(occurrences(text, this.#forms))) {
      redacted += text.slice(keptTo, start) + REDACTED;
      keptTo = end;
    }
    return redacted + text.slice(keptTo);
  }
}

/** Where a text must be replaced. */
type Occurrence = { readonly start: number; readonly end: number };

/** Every occurrence of any form, in order of start; occurrences can overlap. */
function occurrences(text: string, forms: ReadonlySet<string>): Occurrence[] {
  const found: Occurrence[] = [];
  for (const form of forms) {
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) {
      found.push({ start: at, end: at + form.length });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** Joins occurrences that overlap. @param sorted in order of start */
function mergeOverlaps(sorted: readonly Occurrence[]): Occurrence[] {
  const merged: Occurrence[] = [];
  for (const next of sorted) {
    const last = merged.at(-1);
    if (last === undefined || next.start >= last.end) merged.push(next);
    else merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, next.end) };
  }
  return merged;
}

function isLongEnough(value: string): boolean {
  return value.trim().length >= MIN_VALUE_LENGTH;
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
    yield* base64Excerpts(value, encoding);
  }
}

/**
 * The base64 characters that depend on the value alone, for each of the three byte offsets at which the value can begin in
 * a longer text. A character encodes 6 bits, so the first and last one can share bits with the neighbouring bytes.
 */
function* base64Excerpts(value: string, encoding: 'base64' | 'base64url'): Generator<string> {
  const bytes = Buffer.from(value);
  for (const offset of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString(encoding);
    const from = Math.ceil((offset * 8) / 6);
    const to = Math.floor(((offset + bytes.length) * 8) / 6);
    const excerpt = encoded.slice(from, to);
    if (excerpt.length >= MIN_BASE64_EXCERPT_LENGTH) yield excerpt;
  }
}
