import { textOf } from '../mcp/operations/tool-result.ts';
import type { Check } from '../plan/scenario-schema.ts';

/** Looks at a tool's result; returns what is wrong with it, or undefined when the check holds. */
export type CompiledCheck = (result: unknown) => string | undefined;

/** Makes a check's test once, so that a reply only runs it. */
export function compileCheck(check: Check): CompiledCheck {
  if ('contains' in check) {
    const { contains } = check;
    return (result) => (textOf(result).includes(contains) ? undefined : failed(`contains "${contains}"`, result));
  }
  if ('matches' in check) {
    const pattern = new RegExp(check.matches, 'u');
    return (result) => (pattern.test(textOf(result)) ? undefined : failed(`matches ${pattern}`, result));
  }
  return (result) => (textOf(result).trim() === '' ? failed('notEmpty', result) : undefined);
}

function failed(check: string, result: unknown): string {
  return `check failed: ${check}; the result's text is "${textOf(result)}"`;
}
