import { RE2JS } from 're2js';
import { z } from 'zod';

/** Characters of a text times instructions of a pattern; reading so much takes about a second at worst. */
const MAX_STEPS = 16_000_000;

/** A pattern with more instructions would be too slow for texts of common length. */
const MAX_INSTRUCTIONS = 5000;

/**
 * A regular expression that takes time in proportion to the length of the text, whatever the pattern and the text are.
 * JavaScript's own engine takes exponential time for patterns such as `^(a+)+$`.
 */
export class LinearPattern {
  /** The pattern as written. */
  readonly source: string;
  readonly #compiled: RE2JS;
  readonly #instructions: number;

  constructor(source: string, compiled: RE2JS) {
    this.source = source;
    this.#compiled = compiled;
    this.#instructions = compiled.programSize();
  }

  /** Whether the pattern occurs in a text. @throws RangeError when reading the text would take too long */
  test(text: string): boolean {
    this.#checkLength(text);
    return this.#compiled.test(text);
  }

  /**
   * The first group of the first occurrence, or the whole occurrence when the pattern has no group.
   * @throws RangeError when reading the text would take too long
   */
  find(text: string): string | undefined {
    this.#checkLength(text);
    if (!this.#compiled.test(text)) return undefined;
    const match = this.#compiled.exec(text);
    return match === null || match.length === 1 ? match?.[0] : (match[1] ?? undefined);
  }

  toString(): string {
    return `/${this.source}/u`;
  }

  #checkLength({ length }: string): void {
    if (length * this.#instructions <= MAX_STEPS) return;
    throw new RangeError(`a text of ${length} characters is too long for the pattern ${this}`);
  }
}

/**
 * Compiles a JavaScript regular expression in Unicode mode, without flags. Lookarounds and back references are refused,
 * because no engine runs them in linear time, and so is what the engine does not know.
 */
export function compilePattern(source: string): LinearPattern | { readonly fault: string } {
  try {
    new RegExp(source, 'u');
  } catch {
    return { fault: 'expected a JavaScript regular expression' };
  }
  const translated = translate(source);
  if (typeof translated !== 'string') return translated;
  try {
    const compiled = RE2JS.compile(translated);
    if (compiled.programSize() > MAX_INSTRUCTIONS)
      return { fault: 'expected a pattern with fewer or shorter repetitions' };
    return new LinearPattern(source, compiled);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    return { fault: `expected a pattern that RE2 can run, which takes linear time: ${reason}` };
  }
}

/** A pattern for texts of targets, which must run in linear time. */
export const patternSchema = z.string().superRefine((source, context) => {
  const pattern = compilePattern(source);
  if ('fault' in pattern) context.addIssue({ code: 'custom', message: pattern.fault, input: source });
});

/**
 * Compiles a pattern of a plan, which was compiled when the plan was parsed.
 * @throws when it was not
 */
export function planPattern(source: string): LinearPattern {
  const pattern = compilePattern(source);
  if ('fault' in pattern) throw new Error(`The pattern "${source}" cannot be used: ${pattern.fault}.`);
  return pattern;
}

/** What JavaScript's `\s` stands for, as the inside of a class, and all other characters. */
const SPACE =
  '\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}';
const NO_SPACE =
  '\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}';
/** What JavaScript's `.` stands for. */
const DOT = '[^\\x{a}\\x{d}\\x{2028}\\x{2029}]';

/** Pieces of a pattern in Unicode mode that differ between the two notations, each with its end. */
const ESCAPE =
  /\\(?:u\{(?<point>[0-9a-f]+)\}|u(?<high>d[89ab][0-9a-f]{2})\\u(?<low>d[c-f][0-9a-f]{2})|u(?<unit>[0-9a-f]{4})|x(?<byte>[0-9a-f]{2})|c(?<control>[a-z])|[pP]\{(?:(?:gc|sc|script|general_category)=)?(?<property>[^}]*)\}|(?<other>.))/iuy;

/** Writes a valid JavaScript pattern in the notation of RE2. */
function translate(source: string): string | { readonly fault: string } {
  let out = '';
  let isInClass = false;
  for (let at = 0; at < source.length; ) {
    const rest = source.slice(at, at + 4);
    if (rest[0] === '\\') {
      ESCAPE.lastIndex = at;
      const found = ESCAPE.exec(source) as RegExpExecArray;
      const escaped = translateEscape(found, isInClass);
      if (typeof escaped !== 'string') return escaped;
      out += escaped;
      at += found[0].length;
    } else if (isInClass) {
      // `[[:alpha:]]` is a class of its own kind in RE2.
      out += rest[0] === '[' ? '\\[' : rest[0];
      isInClass = rest[0] !== ']';
      at++;
    } else if (rest.startsWith('[^]') || rest.startsWith('[]')) {
      out += rest.startsWith('[]') ? '[^\\x{0}-\\x{10ffff}]' : '[\\x{0}-\\x{10ffff}]';
      at += rest.startsWith('[]') ? 2 : 3;
    } else if (/^\(\?<?[=!]/.test(rest)) {
      return { fault: 'expected a pattern that runs in linear time, without lookarounds such as (?=…) and (?!…)' };
    } else if (/^\(\?[ims-]*[ms]/.test(rest)) {
      return { fault: 'expected a pattern without the modifiers m and s' };
    } else {
      out += rest.startsWith('(?<') ? '(?P<' : rest[0] === '.' ? DOT : rest[0];
      isInClass = rest[0] === '[';
      at += rest.startsWith('(?<') ? 3 : 1;
    }
  }
  return out;
}

function translateEscape({ groups = {}, 0: text }: RegExpExecArray, isInClass: boolean) {
  const { point, high, low, unit, byte, control, property, other } = groups;
  if (property !== undefined) return `\\${text[1]}{${property}}`;
  if (control !== undefined) return hex(control.toUpperCase().charCodeAt(0) - 64);
  if (high !== undefined && low !== undefined) {
    const pair = String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16));
    return hex(pair.codePointAt(0) as number);
  }
  const code = point ?? unit ?? byte;
  if (code !== undefined) return hex(Number.parseInt(code, 16));
  if (other === 's') return isInClass ? SPACE : `[${SPACE}]`;
  if (other === 'S') return isInClass ? NO_SPACE : `[${NO_SPACE}]`;
  if (other === '0') return hex(0);
  if (other === 'b' && isInClass) return hex(8);
  if (other === '/') return '/';
  if (other !== undefined && /[1-9k]/.test(other)) {
    return { fault: `expected a pattern that runs in linear time, without back references such as ${text}` };
  }
  return text;
}

function hex(code: number): string {
  return `\\x{${code.toString(16)}}`;
}
