import { z } from 'zod';
import { asRecord } from './primitives.ts';
import { nearestOf, shortened } from './problem.ts';

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;

/**
 * Options for parsing with a schema whose issues {@link issueText} describes. An issue has a message only if the schema has
 * a sentence of its own, so that the library's sentences are never shown.
 */
export const OWN_SENTENCES = { reportInput: true, error: () => '' } as const;

/**
 * Describes an issue of a schema: what was expected, what was found unless that may be a secret, and how to fix it.
 * @param schema of the value, if it is known; it says more than the issue, such as both ends of a range
 */
export function issueText(issue: Issue, schema?: Schema): string {
  const { code, input, message } = issue;
  if (code === 'invalid_key') {
    return `not a valid name: ${issue.issues.map((inner) => inner.message || expectedOf(inner)).join('; ')}`;
  }
  // A sentence of our own check names what it expects; the value is a whole mapping where the check compares its parts.
  if (code === 'custom')
    return withFound(message || 'not a valid value', typeof input === 'object' ? '' : found(issue));
  if (code === 'invalid_union' && 'discriminator' in issue) return unknownVariantText(issue);
  const expected = message || expectedOf(issue, schema);
  if (/, got /.test(expected)) return expected;
  if (input === undefined) return `missing: ${expected}`;
  // A schema's own sentence can be about a mapping or a list that has the right form.
  const isOfOtherKind = message === '' || code === 'invalid_type' || code === 'invalid_union';
  return `${withFound(expected, isOfOtherKind ? found(issue) : foundScalar(issue))}${howToFix(issue)}`;
}

function withFound(expected: string, text: string): string {
  return text === '' || /, got /.test(expected) ? expected : `${expected}, got ${text}`;
}

/** Codes that mean: the value is not what the schema as a whole expects. */
const ABOUT_THE_WHOLE: ReadonlySet<Issue['code']> = new Set([
  'invalid_type',
  'too_small',
  'too_big',
  'invalid_value',
  'invalid_union',
]);

/** What was expected, as a sentence without its end. */
function expectedOf(issue: Issue, schema?: Schema): string {
  const known = ABOUT_THE_WHOLE.has(issue.code) ? expectedBy(schema, issue) : undefined;
  return `expected ${known ?? expectedByIssue(issue)}`;
}

/** What the schema of JSON expects, which is the only one of ours that refers to itself. */
const JSON_WORDS = 'a value that JSON can hold';

/** What a schema expects, e.g. `a whole number from 1 to 1000`; undefined when only the issue can say it. */
function expectedBy(schema: Schema | undefined, issue: Issue): string | undefined {
  if (schema instanceof z.ZodNumber) return numberWords(schema, issue);
  if (schema instanceof z.ZodString)
    return textWords(schema.minLength ?? 0, schema.maxLength ?? Number.POSITIVE_INFINITY);
  if (schema instanceof z.ZodBoolean) return 'true or false';
  if (schema instanceof z.ZodEnum || schema instanceof z.ZodLiteral) return choiceWords(choicesOf(schema));
  if (schema instanceof z.ZodArray) return 'a list';
  if (schema instanceof z.ZodLazy) return JSON_WORDS;
  return schema instanceof z.ZodRecord || schema instanceof z.ZodObject ? 'a mapping' : undefined;
}

/** A number with its range: the limits of exact whole numbers are worth a word only where they are exceeded. */
function numberWords(schema: z.ZodNumber, issue: Issue): string {
  const range: { -readonly [Limit in keyof Range]: Range[Limit] } = {};
  for (const check of schema.def.checks ?? []) {
    const {
      check: name,
      value,
      inclusive,
    } = check._zod.def as z.core.$ZodCheckDef & { value?: number; inclusive?: boolean };
    if (name === 'greater_than') range[inclusive === true ? 'from' : 'above'] = value;
    if (name === 'less_than') range[inclusive === true ? 'to' : 'below'] = value;
  }
  if (issue.code === 'too_big' && range.below === undefined) range.to ??= Number(issue.maximum);
  if (issue.code === 'too_small' && range.above === undefined) range.from ??= Number(issue.minimum);
  return rangeWords(schema.isInt ? 'a whole number' : 'a number', range);
}

type Range = Readonly<Partial<Record<'from' | 'above' | 'to' | 'below', number | undefined>>>;

/** A kind of number with its range: `a number from 0 to 1`, `a number above 0 and up to 5`, `a whole number from 1`. */
function rangeWords(kind: string, { from, above, to, below }: Range): string {
  if (above === undefined && from !== undefined && to !== undefined) return `${kind} from ${from} to ${to}`;
  const least = above === undefined ? from : undefined;
  const parts = [
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(least === undefined ? [] : [`from ${least}`]),
    ...(to === undefined ? [] : [`up to ${to}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  return parts.length === 0 ? kind : `${kind} ${parts.join(' and ')}`;
}

function textWords(least: number, most: number): string {
  if (least <= 1) {
    const what = least === 1 ? 'a text that is not empty' : 'a text';
    return Number.isFinite(most) ? `${what}${least === 1 ? ' and has' : ' of'} at most ${most} characters` : what;
  }
  return `a text of at least ${least} characters${Number.isFinite(most) ? ` and at most ${most}` : ''}`;
}

function choiceWords(choices: readonly unknown[]): string {
  return choices.length === 1 ? String(choices[0]) : `one of ${choices.map(String).join(', ')}`;
}

function choicesOf(schema: z.ZodEnum | z.ZodLiteral): readonly unknown[] {
  return schema instanceof z.ZodEnum ? schema.options : [...schema.values];
}

/** What the issue alone says that was expected. Covers every code, also those that no schema of ours has today. */
function expectedByIssue(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_WORDS[issue.expected] ?? `a value of type ${issue.expected}`;
    case 'too_small':
      return sizeWords(
        issue.origin,
        issue.inclusive === false ? { above: Number(issue.minimum) } : { from: Number(issue.minimum) },
      );
    case 'too_big':
      return sizeWords(
        issue.origin,
        issue.inclusive === false ? { below: Number(issue.maximum) } : { to: Number(issue.maximum) },
      );
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return `a text of the format ${issue.format}`;
    case 'invalid_value':
      return choiceWords(issue.values);
    case 'unrecognized_keys':
      return `no ${issue.keys.length === 1 ? 'key' : 'keys'} ${issue.keys.map((key) => `"${shortened(key)}"`).join(', ')}`;
    case 'invalid_element':
      return 'valid elements';
    default:
      return 'a value of another form';
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'null',
};

/** @param origin what has the size: a number itself, or the length of a text or list */
function sizeWords(origin: string, range: Range): string {
  if (origin === 'number' || origin === 'bigint') return rangeWords('a number', range);
  if (origin === 'int') return rangeWords('a whole number', range);
  const { from, above = (from ?? 0) - 1, to, below = (to ?? Number.POSITIVE_INFINITY) + 1 } = range;
  if (origin === 'string') return textWords(above + 1, below - 1);
  const what = origin === 'array' ? 'a list of' : 'a value of size';
  return Number.isFinite(below) ? `${what} at most ${below - 1}` : `${what} at least ${above + 1}`;
}

/** A word that names a kind of something. Longer texts and digits may be a secret that was written in its place. */
const KIND_WORD = /^[A-Za-z][A-Za-z_-]{0,29}\d?$/;

/** The message for an unknown executor or `type`, which decides what other keys its mapping can have. */
function unknownVariantText(issue: Issue & { readonly code: 'invalid_union' }): string {
  const {
    discriminator = '',
    options = [],
    input,
  } = issue as typeof issue & {
    readonly discriminator?: string;
    readonly options?: readonly unknown[];
  };
  const names = options.map(String);
  const expected = `expected ${discriminator} to be one of ${names.join(', ')}`;
  const written = asRecord(input)[discriminator];
  if (written === undefined) return `missing: ${expected}`;
  if (typeof written === 'number' || typeof written === 'boolean') return `${expected}, got ${written}`;
  if (typeof written !== 'string') return expected;
  const nearest = nearestWords(written, names);
  if (nearest !== '') return `${expected}, got ${JSON.stringify(written)}${nearest}`;
  const isShown = KIND_WORD.test(written) || !mayBeSecret(written, issue.path);
  return isShown ? `${expected}, got ${JSON.stringify(shortened(written))}` : expected;
}

/** The end of a message: the nearest name, or nothing. */
function nearestWords(given: string, known: readonly string[]): string {
  const nearest = given === '' ? undefined : nearestOf(given, known);
  return nearest === undefined ? '' : `: did you mean "${nearest}"?`;
}

/** What a value is, for a message: scalars as they are, of others only the kind; empty for one that may be a secret. */
function found({ input, path }: Issue): string {
  if (input === undefined) return '';
  if (input === null) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'a mapping';
  if (mayBeSecret(String(input), path)) return '';
  return typeof input === 'string' ? JSON.stringify(shortened(input)) : String(input);
}

/** The same for scalars; empty for anything else. */
function foundScalar(issue: Issue): string {
  return typeof issue.input === 'object' ? '' : found(issue);
}

/** True where people write a secret by mistake: instead of a secret's name, into a header, or into a URL. */
function mayBeSecret(text: string, [top, , part]: readonly PropertyKey[]): boolean {
  return (top === 'targets' && (part === 'auth' || part === 'headers')) || (text.includes('://') && text.includes('@'));
}

/** The end of a message that says how to fix it, where expected and found do not say it. */
function howToFix({ code, input, message, ...issue }: Issue): string {
  if (input === null) return ': write a value';
  if (code === 'invalid_value' && typeof input === 'string') {
    const { values = [] } = issue as { readonly values?: readonly unknown[] };
    return nearestWords(input, values.map(String));
  }
  if (code !== 'invalid_type') return '';
  const { expected } = issue as { readonly expected?: string };
  const isText = typeof input === 'string';
  if (
    (expected === 'number' || expected === 'int') &&
    isText &&
    input.trim() !== '' &&
    Number.isFinite(Number(input))
  ) {
    return ': write it without quotes';
  }
  if (expected === 'boolean' && (input === 'true' || input === 'false')) return ': write it without quotes';
  const isScalar = typeof input === 'number' || typeof input === 'boolean';
  // A sentence of the schema says which form the text must have.
  return expected === 'string' && isScalar && message === '' ? ': write it in quotes' : '';
}
