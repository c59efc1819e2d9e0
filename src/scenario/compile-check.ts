import type { Check } from '../plan/step-schema.ts';

/** Looks at the text of a result; returns what is wrong with it, or undefined when the check holds. */
export type CompiledCheck = (text: string) => string | undefined;

/** Makes a check's test once, so that a reply only runs it. */
export function compileCheck(check: Check): CompiledCheck {
  if ('contains' in check) {
    const { contains } = check;
    return (text) => (text.includes(contains) ? undefined : failed(`contains "${contains}"`, text));
  }
  if ('matches' in check) {
    const pattern = new RegExp(check.matches, 'u');
    return (text) => (pattern.test(text) ? undefined : failed(`matches ${pattern}`, text));
  }
  return (text) => (text.trim() === '' ? failed('notEmpty', text) : undefined);
}

function failed(check: string, text: string): string {
  return `check failed: ${check}; the result's text is "${text}"`;
}
