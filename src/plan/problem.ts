import type { z } from 'zod';
import { insteadOf } from './nearest.ts';

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
