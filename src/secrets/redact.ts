import { type Reading, readingsOf } from './readings.ts';
import { folded, formsOf } from './secret-forms.ts';

const REDACTED = '[redacted]';
const NOT_SHOWN = '[not shown: the text contains a token]';

/** Shorter values protect nothing, and replacing them everywhere would make messages unreadable. */
const MIN_VALUE_LENGTH = 4;

/** Only so much of a text is kept; what people see is far shorter. */
const MAX_CHARACTERS = 32_768;

/**
 * A part of a secret of at least this many bytes is hidden wherever it stands. Blocks of every form are looked up, so
 * every such part contains one of them.
 */
const MIN_PART = 16;
const BLOCK = 12;
const BLOCK_EVERY = MIN_PART - BLOCK;

/** A shorter beginning of a secret at the end of a text is left: it says little, and other texts end like that. */
const MIN_BEGINNING = 8;

/**
 * A secret whose first characters look like the end of an escape that begins before it, such as `ab` after `%`, is
 * recognised by the rest. No escape takes more characters of it. Longer secrets are recognised by their parts.
 */
const MAX_TAKEN = 5;

/** A token of OAuth in any syntax: the name of its field and the beginning of a value. */
const TOKEN_FIELD = /(?:access|refresh|id)[_-]?token["'\\\s]{0,20}[:=>]["'\\\s]{0,20}[^\s"'\\<>&,;}]/i;

/**
 * Replaces every occurrence of its secrets by `[redacted]`, in all forms in which servers repeat what was sent: as it is
 * and in other case, with any mixture of the escapes of URLs, JSON, JavaScript and HTML, also within each other, in
 * hexadecimal digits, in base64 and base64url at any offset. A part of a secret is replaced too when it has 16 bytes or
 * stands where a text was cut. Of a text with a token of OAuth nothing is shown, because the token may be anybody's.
 *
 * Values of fewer than four characters, not counting surrounding white space, are ignored. Of very long texts only the
 * beginning is kept.
 */
export class Redactor {
  readonly #values = new Set<string>();
  /** Values whose forms are not known yet. They are computed when a text is redacted, because most tokens are in none. */
  #added: string[] = [];
  /** All forms of all values, computed once for each value. */
  readonly #forms = new Set<string>();
  /** Where blocks occur in the forms. */
  readonly #blocks = new Map<string, { readonly form: string; readonly at: number }>();

  constructor(values: Iterable<string> = []) {
    for (const value of values) this.add(value);
  }

  /** Adds a secret. It is replaced in every text that is redacted from now on. */
  add(value: string): void {
    if (this.#values.has(value)) return;
    this.#values.add(value);
    if (value.trim().length >= MIN_VALUE_LENGTH) this.#added.push(value);
  }

  /**
   * Redacts a text. Redact before you shorten it: a cut can leave a part of a secret that is too short to be recognised.
   * Takes some milliseconds for a long text, so it is for the few texts that are kept, not for every request.
   */
  redact(whole: string): string {
    const text = whole.length > MAX_CHARACTERS ? `${whole.slice(0, MAX_CHARACTERS)}…`.toWellFormed() : whole;
    this.#computeForms();
    const readings = readingsOf(text);
    if (readings.some(({ bytes }) => TOKEN_FIELD.test(bytes))) return NOT_SHOWN;
    const found = readings.flatMap((reading) => this.#occurrences(reading, text));
    let redacted = '';
    let keptTo = 0;
    for (const { start, end } of mergeOverlaps(found.sort((a, b) => a.start - b.start))) {
      redacted += text.slice(keptTo, start) + REDACTED;
      keptTo = end;
    }
    return redacted + text.slice(keptTo);
  }

  #computeForms(): void {
    for (const form of this.#added.flatMap((value) => [...formsOf(value)])) {
      if (this.#forms.has(form)) continue;
      this.#forms.add(form);
      if (form.length < MIN_PART) continue;
      for (let at = 0; at + BLOCK <= form.length; at += BLOCK_EVERY) {
        this.#blocks.set(form.slice(at, at + BLOCK), { form, at });
      }
    }
    this.#added = [];
  }

  /** The parts of a text that hold a secret or a part of one by this reading of it. */
  #occurrences(reading: Reading, text: string): Occurrence[] {
    const bytes = folded(reading.bytes);
    const found: Occurrence[] = [];
    const add = (from: number, to: number) => {
      found.push({ start: reading.starts[from] as number, end: reading.ends[to - 1] as number });
    };
    for (const form of this.#forms) {
      for (let at = bytes.indexOf(form); at >= 0; at = bytes.indexOf(form, at + 1)) add(at, at + form.length);
      if (form.length >= MIN_PART + MAX_TAKEN) continue;
      for (const { from, to } of withoutBeginning(bytes, form, reading, text)) add(from, to);
    }
    for (const { end, broken } of cutsIn(bytes)) {
      for (const form of this.#forms) {
        const length = beginningAt(bytes, end, form);
        if (length > 0) add(end - length, end + broken);
      }
    }
    this.#findParts(bytes, add);
    return found;
  }

  #findParts(bytes: string, add: (from: number, to: number) => void): void {
    if (this.#blocks.size === 0) return;
    for (let at = 0; at + BLOCK <= bytes.length; at++) {
      const block = this.#blocks.get(bytes.slice(at, at + BLOCK));
      if (block === undefined) continue;
      const { form } = block;
      let [before, after] = [0, BLOCK];
      while (before < Math.min(at, block.at) && bytes[at - before - 1] === form[block.at - before - 1]) before++;
      while (block.at + after < form.length && bytes[at + after] === form[block.at + after]) after++;
      if (before + after < MIN_PART) continue;
      add(at - before, at + after);
      // The next block of the same part begins within it.
      at += Math.max(0, after - BLOCK);
    }
  }
}

/** Where a text must be replaced. */
type Occurrence = { readonly start: number; readonly end: number };

/** The end of a text, and where a mark shows that it was cut; and the length of half a character before that. @param bytes folded */
function* cutsIn(bytes: string): Generator<{ readonly end: number; readonly broken: number }> {
  for (const { index, groups } of bytes.matchAll(/(?<half>\xef\xbf\xbd)?(?:$|\xe2\x80\xa6|\.\.\.)/g)) {
    const broken = groups?.half?.length ?? 0;
    yield { end: index, broken };
  }
}

/** Where a form stands whose first bytes were read as the end of an escape. @param bytes folded */
function* withoutBeginning(bytes: string, form: string, { starts, ends }: Reading, text: string) {
  for (let taken = 1; taken <= MAX_TAKEN && taken < form.length - 1; taken++) {
    const [beginning, rest] = [form.slice(0, taken), form.slice(taken)];
    for (let at = bytes.indexOf(rest, 1); at >= 0; at = bytes.indexOf(rest, at + 1)) {
      const source = text.slice(starts[at - 1], ends[at - 1]);
      if (source.length > taken && folded(source).endsWith(beginning)) yield { from: at - 1, to: at + rest.length };
    }
  }
}

/** How many bytes of the beginning of a form stand right before a cut; 0 for too few. */
function beginningAt(bytes: string, end: number, form: string): number {
  const least = Math.min(MIN_BEGINNING, Math.ceil(form.length / 2));
  const first = form.slice(0, least);
  const from = Math.max(0, end - form.length);
  for (let at = bytes.indexOf(first, from); at >= 0 && at + least <= end; at = bytes.indexOf(first, at + 1)) {
    if (form.startsWith(bytes.slice(at, end))) return end - at;
  }
  return 0;
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
