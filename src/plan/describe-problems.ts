import { type Document, isMap, isNode, isScalar, type LineCounter } from 'yaml';
import type { z } from 'zod';
import type { DanglingReference } from './dangling-reference.ts';
import { MAX_PROBLEMS } from './document-problems.ts';
import { keysAt, optionAt, variantsWith } from './plan-keys.ts';
import type { PlanProblem } from './plan-problem.ts';
import { issueText, shortened, unknownKeyText } from './problem.ts';

type Issue = z.core.$ZodIssue;
export type Path = readonly PropertyKey[];

/** A message that lists many names is cut here. */
const MAX_MESSAGE_CHARACTERS = 400;

/** The file that a plan was read from, as far as places are looked up in it. */
export type PlanSource = { readonly plan: unknown; readonly document: Document; readonly lines: LineCounter };

/**
 * Says schema issues and dangling references in the words and at the places of the file; unknown keys become one
 * problem each. Of more than a hundred, the first hundred and a last one with the number of the others.
 */
export function describeProblems(
  issues: readonly Issue[],
  dangling: readonly DanglingReference[],
  source: PlanSource,
): PlanProblem[] {
  const found = [...firstOfEach(issues).flatMap((issue) => messagesOf(issue, source.plan)), ...dangling];
  const problems = found.slice(0, MAX_PROBLEMS).map(({ path, message }) => {
    return { path: pathText(path), ...place(source, path), message: shortened(message, MAX_MESSAGE_CHARACTERS) };
  });
  const left = found.length - problems.length;
  if (left === 0) return problems;
  const end = source.lines.linePos(source.document.range?.[2] ?? 0);
  return [...problems, { path: '', line: end.line, column: end.col, message: `${left} more problems like these` }];
}

/** What our own checks say of a value that is wrong already would be said twice, or be a riddle. */
function firstOfEach(issues: readonly Issue[]): Issue[] {
  const seen = new Set<string>();
  return issues.filter(({ code, path }) => {
    const at = JSON.stringify(path);
    if (code === 'custom' && seen.has(at)) return false;
    seen.add(at);
    return true;
  });
}

type Message = { readonly path: Path; readonly message: string };

function messagesOf(issue: Issue, plan: unknown): Message[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: unknownKey(key, issue.path, plan) }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const inner = messagesOfUnion(issue, plan);
    if (inner.length > 0) return inner;
  }
  return [{ path: issue.path, message: issueText(issue) }];
}

/** Says of a mapping what keeps it from being the option that its keys show; none when they show no single one. */
function messagesOfUnion({ path, errors, input }: Issue & { code: 'invalid_union' }, plan: unknown): Message[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return [];
  const { index, keys } = optionAt(plan, path);
  if (index !== undefined) {
    const issues = errors[index] ?? [];
    return issues.flatMap((issue) => messagesOf({ ...issue, path: [...path, ...issue.path] }, plan));
  }
  const unknown = Object.keys(input).filter((key) => !keys.includes(key));
  return unknown.map((key) => ({ path: [...path, key], message: unknownKeyText(shortened(key), keys) }));
}

function unknownKey(key: string, path: Path, plan: unknown): string {
  const { by, names } = variantsWith(plan, path, key);
  if (names.length > 0) return `unknown key "${key}" with this ${by}; those with it are ${names.join(', ')}`;
  return unknownKeyText(shortened(key), keysAt(plan, path));
}

/** The place of the value at a path, or of its nearest ancestor that exists; for a key of a mapping, of the key. */
function place({ document, lines }: PlanSource, path: Path): { line: number; column: number } {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1) as unknown[], true);
    const key = String(path[length - 1]);
    const pair = isMap(parent)
      ? // Keys that YAML reads as numbers are texts in the plan.
        parent.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
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
    const name = shortened(String(part));
    return text === '' ? name : `${text}.${name}`;
  }, '');
}
