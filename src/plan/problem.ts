import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { isRecord } from './primitives.ts';

/** Why a plan cannot run or a request cannot be answered, and where the reason is. The form of all `problems`. */
export type Problem = {
  /** Dotted path in the plan, e.g. `scenarios.learn.steps[0].tool`; empty for the whole plan or run. */
  readonly path: string;
  /** What was expected, what was found and how to fix it; never a value from a place that may hold a secret. */
  readonly message: string;
  /** Position in the plan's file, both from 1; absent if the file is not known. */
  readonly line?: number;
  readonly column?: number;
};

/** Something wrong in the text of a plan. */
export type PlanProblem = Required<Problem>;

/** A problem as one line, e.g. `targets.web.url: expected …`. */
export function problemText({ path, message }: Problem): string {
  return path === '' ? message : `${path}: ${message}`;
}

/** A part of a plan that is valid alone but does not fit the other parts. */
export type DanglingReference = { readonly path: readonly PropertyKey[]; readonly message: string };

/** Beyond these limits, searching for the nearest name takes too long in a hostile plan. */
const MAX_NAMES = 200;
const MAX_CHARACTERS = 200;
/** Longest excerpt of the file in a message. */
const MAX_SHOWN_CHARACTERS = 80;

/** Describes an issue of the schema: what was expected, and what was found unless that may be a secret. */
export function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') {
    return `not a valid name: ${issue.issues.map((inner) => inner.message).join('; ')}`;
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) {
    return `missing: ${issue.message.replace(/^Invalid input: /, '').replace(/, received undefined$/, '')}`;
  }
  if (issue.code === 'invalid_type' && issue.expected === 'int' && typeof issue.input === 'number') {
    return `expected a whole number${got(issue)}`;
  }
  if (issue.code === 'invalid_union' && 'discriminator' in issue) return unknownVariantText(issue);
  const message = issue.message.replace(/^Invalid (input|option): /, '');
  return /, (got|received) /.test(message) ? message : message + got(issue);
}

/** A word that names a kind of something. Longer texts and digits may be a secret that was written in its place. */
const KIND_WORD = /^[A-Za-z][A-Za-z_-]{0,29}\d?$/;

/** The message for an unknown executor or `type`, which decides what other keys its mapping can have. */
function unknownVariantText(issue: z.core.$ZodIssue & { readonly code: 'invalid_union' }): string {
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
  const written = isRecord(input) ? input[discriminator] : undefined;
  if (written === undefined) return `missing: ${expected}`;
  if (typeof written === 'number' || typeof written === 'boolean') return `${expected}, got ${written}`;
  if (typeof written !== 'string') return expected;
  const nearest = nearestOf(written, names);
  if (nearest !== undefined) return `${expected}, got ${JSON.stringify(written)}: did you mean "${nearest}"?`;
  const isShown = KIND_WORD.test(written) || !mayBeSecret(written, issue.path);
  return isShown ? `${expected}, got ${JSON.stringify(shortened(written))}` : expected;
}

/** The message for an unknown key; suggests the nearest known one. */
export function unknownKeyText(key: string, known: readonly string[]): string {
  return known.length === 0 ? `unknown key "${key}"` : `unknown key "${key}": ${suggestion(key, known)}`;
}

/** The end of a message that refuses a name: the nearest known name, or all known names. */
export function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestOf(name, known);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return known.length === 0 ? 'there are none' : `expected one of ${known.join(', ')}`;
}

/** The known name that a misspelt one probably means; undefined when none is near or the search would take too long. */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || known.length > MAX_NAMES || name.length > MAX_CHARACTERS) return undefined;
  const nearest = closest(name, known as string[]);
  const changes = distance(name.toLowerCase(), nearest.toLowerCase());
  return changes <= Math.max(2, Math.floor(nearest.length / 3)) ? nearest : undefined;
}

/** The text, cut to the length that a message shows. */
export function shortened(text: string, maxCharacters = MAX_SHOWN_CHARACTERS): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…`.toWellFormed() : text;
}

/** A path as messages show it, e.g. `scenarios.learn.steps[0].tool`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = shortened(String(part));
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

function got({ input, path }: z.core.$ZodIssue): string {
  if (typeof input === 'number') return `, got ${input}`;
  if (typeof input !== 'string' || mayBeSecret(input, path)) return '';
  return `, got ${JSON.stringify(shortened(input))}`;
}

/** True where people write a secret by mistake: instead of a secret's name, into a header, or into a URL. */
function mayBeSecret(text: string, [top, , part]: readonly PropertyKey[]): boolean {
  return (top === 'targets' && (part === 'auth' || part === 'headers')) || (text.includes('://') && text.includes('@'));
}
