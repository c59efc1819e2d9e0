import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  type LineCounter,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import type { PlanProblem } from './plan-problem.ts';

/** At most this many problems of one kind are described; a broken file can have one for every character. */
export const MAX_PROBLEMS = 100;

/** What is wrong with a file as YAML, before anything is known of plans. */
export function documentProblems(document: Document.Parsed, lines: LineCounter): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const add = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    problems.push({ path: '', line, column: col, message: `not valid YAML: ${message}` });
  };
  for (const { pos, message } of document.errors.slice(0, MAX_PROBLEMS)) add(pos[0], said(message));
  if (problems.length > 0) return problems;
  const anchors = new Set<string>();
  visit(document, (_, node) => {
    if (isAlias(node)) {
      if (anchors.has(node.source)) return;
      add(node.range?.[0] ?? 0, 'this alias stands for nothing; a text that begins with * needs quotes');
    } else if (isNode(node) && node.anchor !== undefined) anchors.add(node.anchor);
    if (isMap(node)) for (const key of repeatedKeys(node)) add(key.range?.[0] ?? 0, 'this key stands twice here');
  });
  return problems.slice(0, MAX_PROBLEMS);
}

/** Not left to the parser, whose own check takes time with the square of a mapping's keys. */
function repeatedKeys({ items }: YAMLMap): Scalar[] {
  const seen = new Set<string>();
  return items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    const name = String(key.value);
    if (seen.has(name)) return [key];
    seen.add(name);
    return [];
  });
}

/** The parser's message without the piece of the file that some of its messages end with: it may be a secret. */
function said(message: string): string {
  if (message.startsWith('Maximum call stack')) return 'nested too deeply';
  return message.replace(/: .*$/s, '');
}
