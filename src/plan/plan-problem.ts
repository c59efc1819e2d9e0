import { closest, distance } from 'fastest-levenshtein';
import { type Document, isMap, isNode, isPair, isScalar, type LineCounter } from 'yaml';
import type { z } from 'zod';
import { keysAt } from './plan-keys.ts';

/** One thing that is wrong with a plan, and where. */
export type PlanProblem = {
  /** Dotted path, e.g. `scenarios.learn.steps[0].tool`; empty for the whole file. */
  readonly path: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** What was expected, and what was there. */
  readonly message: string;
};

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Says a schema issue in the words and at the place of the file; unknown keys become one problem each. */
export function describeIssue(issue: Issue, plan: unknown, document: Document, lines: LineCounter): PlanProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return {
        path: pathText(path),
        ...place(document, lines, path),
        message: unknownKey(key, keysAt(plan, issue.path)),
      };
    });
  }
  if (issue.code === 'invalid_key') {
    const reasons = issue.issues.map((inner) => inner.message).join('; ');
    return [describeProblem(issue.path, `not a valid name: ${reasons}`, document, lines)];
  }
  return [describeProblem(issue.path, expectation(issue), document, lines)];
}

/** Says any message at the place that a path has in the file. */
export function describeProblem(path: Path, message: string, document: Document, lines: LineCounter): PlanProblem {
  return { path: pathText(path), ...place(document, lines, path), message };
}

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return `missing: ${issue.message.replace(/^Invalid input: /, '')}`;
  if (issue.code === 'invalid_union' && 'discriminator' in issue) {
    const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
    return `expected ${issue.discriminator} to be one of ${options.join(', ')}`;
  }
  const message = issue.message.replace(/^Invalid (input|option): /, '');
  const shown =
    typeof issue.input === 'string' || typeof issue.input === 'number' ? `, got ${JSON.stringify(issue.input)}` : '';
  return /, (got|received) /.test(message) ? message : message + shown;
}

function unknownKey(key: string, known: readonly string[]): string {
  if (known.length === 0) return `unknown key "${key}"`;
  const nearest = closest(key, known as string[]);
  const near = distance(key.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, Math.floor(nearest.length / 3));
  return near
    ? `unknown key "${key}": did you mean "${nearest}"?`
    : `unknown key "${key}": expected one of ${known.join(', ')}`;
}

/** The place of the value at a path, or of its nearest ancestor that exists; for a key of a mapping, of the key. */
function place(document: Document, lines: LineCounter, path: Path): { line: number; column: number } {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1) as unknown[], true);
    const key = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key)
      : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, length) as unknown[], true);
    if (isNode(node) && node.range) {
      const { line, col } = lines.linePos(node.range[0]);
      return { line, column: col };
    }
  }
  return { line: 1, column: 1 };
}

function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}
