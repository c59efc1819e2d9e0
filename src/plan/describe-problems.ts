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
import { z } from 'zod';
import { issueText } from './issue-text.ts';
import { mergedPair, ownPair } from './plan-document.ts';
import { isRecord } from './primitives.ts';
import { type DanglingReference, type PlanProblem, pathText, shortened, unknownKeyText } from './problem.ts';
import { expectedAt, keysAt, optionAt, schemaAt, variantsWith } from './schema-at.ts';

/** The file that a plan was read from, for finding the places of problems. */
type PlanSource = { readonly plan: unknown; readonly document: Document; readonly lines: LineCounter };

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;
type Message = { readonly path: Path; readonly message: string };

/** At most this many problems of one kind are described; a broken file can have one for every character. */
const MAX_PROBLEMS = 100;
/** A message that lists many names is cut here. */
const MAX_MESSAGE_CHARACTERS = 400;

/**
 * Describes schema issues and dangling references with their places in the file; each unknown key is a problem of its own.
 * Of more than a hundred problems, it returns the first hundred and one more with the number of the others.
 */
export function describeProblems(
  issues: readonly Issue[],
  dangling: readonly DanglingReference[],
  source: PlanSource,
): PlanProblem[] {
  const found = [...firstOfEachPath(issues).flatMap((issue) => messagesOf(issue, source.plan)), ...dangling];
  const problems = found.slice(0, MAX_PROBLEMS).map(({ path, message }) => {
    return { path: pathText(path), ...placeOf(path, source), message: shortened(message, MAX_MESSAGE_CHARACTERS) };
  });
  const left = found.length - problems.length;
  if (left === 0) return problems;
  const end = source.lines.linePos(source.document.range?.[2] ?? 0);
  return [...problems, { path: '', line: end.line, column: end.col, message: `${left} more problems like these` }];
}

/** Describes what keeps a file from being valid YAML, before anything is known about plans. */
export function documentProblems(document: Document.Parsed, lines: LineCounter): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const add = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    problems.push({ path: '', line, column: col, message: `not valid YAML: ${message}` });
  };
  for (const { pos, message } of document.errors.slice(0, MAX_PROBLEMS)) add(pos[0], withoutExcerpt(message));
  if (problems.length > 0) return problems;
  const anchors = new Set<string>();
  visit(document, (_, node) => {
    if (isAlias(node)) {
      if (anchors.has(node.source)) return;
      add(node.range?.[0] ?? 0, 'this alias has no anchor before it; a text that begins with * needs quotes');
    } else if (isNode(node) && node.anchor !== undefined) anchors.add(node.anchor);
    if (isMap(node)) {
      for (const key of repeatedKeys(node)) add(key.range?.[0] ?? 0, repetition(key));
    }
  });
  return problems.slice(0, MAX_PROBLEMS);
}

function repetition({ value }: Scalar): string {
  const hint = value === '<<' ? '; to merge several mappings, write <<: [*one, *other]' : '';
  return `this mapping already has this key; remove one${hint}`;
}

/** Finds repeated keys here because the parser's own check takes time with the square of a mapping's keys. */
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

/** The parser's message without the excerpt of the file at the end of some messages, which may be a secret. */
function withoutExcerpt(message: string): string {
  if (message.startsWith('Maximum call stack')) return 'nested too deeply';
  return message.replace(/: .*$/s, '');
}

/** Drops messages of our own checks about values that the schema already refuses; they would repeat it or confuse. */
function firstOfEachPath(issues: readonly Issue[]): Issue[] {
  const seen = new Set<string>();
  return issues.filter(({ code, path }) => {
    const at = JSON.stringify(path);
    if (code === 'custom' && seen.has(at)) return false;
    seen.add(at);
    return true;
  });
}

function messagesOf(issue: Issue, plan: unknown): Message[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: unknownKey(key, issue.path, plan) }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const inner = messagesOfUnion(issue, plan);
    if (inner.length > 0) return inner;
  }
  return [{ path: issue.path, message: issueText(issue, expectedAt(plan, issue.path)) }];
}

/** Explains why a mapping is not the option that its keys suggest; nothing when they suggest no single option. */
function messagesOfUnion({ path, errors, input }: Issue & { code: 'invalid_union' }, plan: unknown): Message[] {
  if (schemaAt(plan, path).schema instanceof z.ZodLazy) return messagesOfJson(path, input);
  if (!isRecord(input)) return [];
  const { index, keys } = optionAt(plan, path);
  if (index !== undefined) {
    const issues = errors[index] ?? [];
    return issues.flatMap((issue) => messagesOf({ ...issue, path: [...path, ...issue.path] }, plan));
  }
  const unknown = Object.keys(input).filter((key) => !keys.includes(key));
  return unknown.map((key) => ({ path: [...path, key], message: unknownKeyText(shortened(key), keys) }));
}

/** What JSON cannot hold within a value; in YAML, only numbers that are not finite. */
function messagesOfJson(path: Path, value: unknown): Message[] {
  if (typeof value === 'object' && value !== null) {
    const inside = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
    return inside.flatMap(([key, child]) => messagesOfJson([...path, key], child));
  }
  if (typeof value !== 'number' || Number.isFinite(value)) return [];
  return [{ path, message: `expected a value that JSON can hold, got ${value}: write it in quotes, or remove it` }];
}

function unknownKey(key: string, path: Path, plan: unknown): string {
  const { discriminator, names } = variantsWith(plan, path, key);
  if (names.length > 0) return `unknown key "${key}" with this ${discriminator}; only ${names.join(', ')} can have it`;
  return unknownKeyText(shortened(key), keysAt(plan, path));
}

/** The place of the value at a path, or of its nearest existing ancestor; in a mapping, the place of the key. */
function placeOf(path: Path, { document, lines }: PlanSource): { line: number; column: number } {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1) as unknown[], true);
    const key = String(path[length - 1]);
    const pair = isMap(parent) ? (ownPair(parent, key) ?? mergedPair(parent, key, document)) : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, length) as unknown[], true);
    if (isNode(node) && node.range) {
      const { line, col } = lines.linePos(node.range[0]);
      return { line, column: col };
    }
  }
  return { line: 1, column: 1 };
}
