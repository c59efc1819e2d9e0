import { type Document, isMap, isNode, isScalar, type LineCounter } from 'yaml';
import type { z } from 'zod';
import { MAX_PROBLEMS } from './document-problems.ts';
import { issueText, shortened, unknownKeyText } from './issue-text.ts';
import { keysAt } from './plan-keys.ts';
import type { PlanProblem } from './plan-problem.ts';
import type { DanglingReference } from './plan-references.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

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
  const found = [...issues.flatMap((issue) => messagesOf(issue, source.plan)), ...dangling];
  const problems = found.slice(0, MAX_PROBLEMS).map(({ path, message }) => {
    return { path: pathText(path), ...place(source, path), message: shortened(message, MAX_MESSAGE_CHARACTERS) };
  });
  const left = found.length - problems.length;
  if (left === 0) return problems;
  const end = source.lines.linePos(source.document.range?.[2] ?? 0);
  return [...problems, { path: '', line: end.line, column: end.col, message: `${left} more problems like these` }];
}

function messagesOf(issue: Issue, plan: unknown): { readonly path: Path; readonly message: string }[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: issueText(issue) }];
  const known = keysAt(plan, issue.path);
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: unknownKeyText(shortened(key), known) }));
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
