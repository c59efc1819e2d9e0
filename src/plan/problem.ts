import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';

/** One thing that is wrong with a plan, and where. */
export type PlanProblem = {
  /** Dotted path, e.g. `scenarios.learn.steps[0].tool`; empty for the whole file. */
  readonly path: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** What was expected, and what was there; never what stands where a secret could. */
  readonly message: string;
};

/** A part of a plan that is right by itself and wrong beside the others. */
export type DanglingReference = { readonly path: readonly PropertyKey[]; readonly message: string };

/** Among more names than this, or for longer ones, looking for the nearest takes too long in a hostile plan. */
const MAX_NAMES = 200;
const MAX_CHARACTERS = 200;

/** The one of the known names that a misspelt one probably means; undefined when none is near, or to be found soon. */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || known.length > MAX_NAMES || name.length > MAX_CHARACTERS) return undefined;
  const nearest = closest(name, known as string[]);
  const changes = distance(name.toLowerCase(), nearest.toLowerCase());
  return changes <= Math.max(2, Math.floor(nearest.length / 3)) ? nearest : undefined;
}

/** The end of a message that refuses a name: which one may have been meant, or which there are. */
export function insteadOf(name: string, known: readonly string[]): string {
  const nearest = nearestOf(name, known);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return known.length === 0 ? 'there are none' : `expected one of ${known.join(', ')}`;
}

/** Longest piece of the file that a message repeats. */
const MAX_SHOWN_CHARACTERS = 80;

/** Says in our words what a schema issue expected, and what was there unless that may be a secret. */
export function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') {
    return `not a valid name: ${issue.issues.map((inner) => inner.message).join('; ')}`;
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) {
    return `missing: ${issue.message.replace(/^Invalid input: /, '')}`;
  }
  if (issue.code === 'invalid_type' && issue.expected === 'int' && typeof issue.input === 'number') {
    return `expected a whole number${got(issue)}`;
  }
  if (issue.code === 'invalid_union' && 'discriminator' in issue) {
    const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
    return `expected ${issue.discriminator} to be one of ${options.join(', ')}`;
  }
  const message = issue.message.replace(/^Invalid (input|option): /, '');
  return /, (got|received) /.test(message) ? message : message + got(issue);
}

/** Says that a key is not known, and which one may have been meant. */
export function unknownKeyText(key: string, known: readonly string[]): string {
  return known.length === 0 ? `unknown key "${key}"` : `unknown key "${key}": ${insteadOf(key, known)}`;
}

function got({ input, path }: z.core.$ZodIssue): string {
  if (typeof input === 'number') return `, got ${input}`;
  if (typeof input !== 'string' || mayBeSecret(input, path)) return '';
  return `, got ${JSON.stringify(shortened(input))}`;
}

/** People put a secret where its name belongs, into a header, or into a URL. */
function mayBeSecret(text: string, [top, , part]: readonly PropertyKey[]): boolean {
  return (top === 'targets' && (part === 'auth' || part === 'headers')) || (text.includes('://') && text.includes('@'));
}

/** The text as far as a message shows it. */
export function shortened(text: string, maxCharacters = MAX_SHOWN_CHARACTERS): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…`.toWellFormed() : text;
}
