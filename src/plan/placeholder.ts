/** Generators by name: an example, and a check that returns what is expected of wrong arguments. */
const GENERATORS = {
  uuid: { example: '$uuid', problemOf: none },
  vu: { example: '$vu', problemOf: none },
  iteration: { example: '$iteration', problemOf: none },
  integer: { example: '$integer(1,100)', problemOf: (args: Args) => rangeProblem(args, Number.isSafeInteger) },
  number: { example: '$number(0,1)', problemOf: (args: Args) => rangeProblem(args, Number.isFinite) },
  string: { example: '$string(12)', problemOf: (args: Args) => countProblem(args, 10_000) },
  words: { example: '$words(3)', problemOf: (args: Args) => countProblem(args, 1000) },
  pick: { example: '$pick(a,b,c)', problemOf: (args: Args) => (args.length > 0 ? undefined : 'at least one value') },
} as const;

type GeneratorName = keyof typeof GENERATORS;
type Args = readonly string[];

/** The parsed text between `{{` and `}}`. */
export type Placeholder =
  /** A value of a feed or of an earlier step's capture; `json` parses a text as JSON. */
  | { readonly kind: 'value'; readonly name: string; readonly column?: string; readonly json: boolean }
  /** A value generated from the seed; its arguments are valid. */
  | { readonly kind: 'generated'; readonly generator: GeneratorName; readonly args: Args };

/**
 * A `{{…}}` in a text that is sent as data; the group is the inside with its spaces. Also safe on JSON: the inside has no
 * quote and no backslash, so a match never extends beyond one string.
 */
export const PLACEHOLDER = /\{\{([^{}"\\]+)\}\}/;

/** The longest JSON of a value that a reply can give to later steps. */
export const MAX_CAPTURED_CHARACTERS = 65_536;

/** Names of feeds and captures. */
export const VALUE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const VALUE = /^([A-Za-z_][A-Za-z0-9_]*)\s*(?:\.([^|]+))?(?:\|\s*(\w+))?$/;
const GENERATED = /^\$(\w+)\s*(?:\(([^()]*)\))?$/;

/**
 * Parses the inside of a placeholder: `feed`, `feed.column` or `captured`, each also with `|json`, or
 * `$generator(arguments)`. A column's name is everything between the first dot and the `|`.
 */
export function parsePlaceholder(inner: string): Placeholder | { readonly problem: string } {
  const text = inner.trim();
  if (text.startsWith('$')) return parseGenerated(text);
  const [, name, column, format] = VALUE.exec(text) ?? [];
  if (name === undefined || column?.trim() === '') {
    return { problem: 'expected the name of a feed or capture, feed.column, or a generator such as $uuid' };
  }
  if (format !== undefined && format !== 'json') return { problem: `expected |json or nothing, got "|${format}"` };
  return { kind: 'value', name, ...(column === undefined ? {} : { column: column.trim() }), json: format === 'json' };
}

/** The insides of all placeholders in the texts and keys of a JSON value, without repetitions. */
export function placeholdersIn(value: unknown): string[] {
  const matches = JSON.stringify(value).matchAll(new RegExp(PLACEHOLDER, 'g'));
  return [...new Set([...matches].map((match) => (match[1] as string).trim()))];
}

function parseGenerated(text: string): Placeholder | { readonly problem: string } {
  const [, name, list] = GENERATED.exec(text) ?? [];
  if (name === undefined || !isGenerator(name)) {
    const known = Object.values(GENERATORS).map(({ example }) => example);
    return { problem: `expected a generator, one of ${known.join(', ')}` };
  }
  const args = list === undefined || list.trim() === '' ? [] : list.split(',').map((argument) => argument.trim());
  const { example, problemOf } = GENERATORS[name];
  const expected = problemOf(args);
  if (expected !== undefined) return { problem: `expected ${expected} in $${name}, e.g. ${example}` };
  return { kind: 'generated', generator: name, args };
}

function isGenerator(name: string): name is GeneratorName {
  return Object.hasOwn(GENERATORS, name);
}

function none(args: Args): string | undefined {
  return args.length === 0 ? undefined : 'no arguments';
}

function rangeProblem(args: Args, isValid: (value: number) => boolean): string | undefined {
  const [min = Number.NaN, max = Number.NaN] = args.map(numberOf);
  if (args.length === 2 && isValid(min) && isValid(max) && min <= max) return undefined;
  const isBeyond = args.some((arg) => Number.isInteger(numberOf(arg)) && !Number.isSafeInteger(numberOf(arg)));
  return isBeyond ? 'a minimum and a maximum within 2^53' : 'a minimum and a maximum';
}

function countProblem(args: Args, max: number): string | undefined {
  const [count = Number.NaN] = args.map(numberOf);
  const isCount = args.length === 1 && Number.isInteger(count) && count >= 1 && count <= max;
  return isCount ? undefined : `a whole number from 1 to ${max}`;
}

function numberOf(text: string): number {
  return text === '' ? Number.NaN : Number(text);
}
