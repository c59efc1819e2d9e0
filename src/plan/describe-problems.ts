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
import { planSchema } from './plan-schema.ts';
import { type DanglingReference, issueText, type PlanProblem, shortened, unknownKeyText } from './problem.ts';

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

type Schema = z.core.$ZodType;
/** The keys that a plan may have at a path, read from the schema; the value decides between variants. */
export function keysAt(plan: unknown, path: Path): string[] {
  const { schema, value } = schemaAt(plan, path);
  const object = resolve(schema, value);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

/** Of the variants that a mapping may be at a path, e.g. the executors of a scenario, those which have this key. */
export function variantsWith(
  plan: unknown,
  path: Path,
  key: string,
): { readonly by: string; readonly names: string[] } {
  const { schema } = schemaAt(plan, path);
  const union = unwrap(schema);
  if (!(union instanceof z.ZodDiscriminatedUnion)) return { by: '', names: [] };
  const by = union.def.discriminator;
  const names = union.def.options.flatMap((option) => {
    const object = unwrap(option);
    if (!(object instanceof z.ZodObject) || !(key in object.shape)) return [];
    const literal: unknown = object.shape[by];
    return literal instanceof z.ZodLiteral ? [...literal.values].map(String) : [];
  });
  return { by, names };
}

/**
 * Which of the options of a plain union a mapping at a path is meant to be, by its keys: its index among them, and else
 * the keys of all options.
 */
export function optionAt(plan: unknown, path: Path): { readonly index: number | undefined; readonly keys: string[] } {
  const { schema, value } = schemaAt(plan, path);
  const union = unwrap(schema);
  if (!(union instanceof z.ZodUnion)) return { index: undefined, keys: [] };
  const keys = union.def.options.flatMap(shapeKeys);
  return { index: indexOfOption(union.def.options, value), keys: [...new Set(keys)] };
}

/** The schema of what stands at a path, as it is written there, and the value. */
function schemaAt(plan: unknown, path: Path): { readonly schema: Schema | undefined; readonly value: unknown } {
  let schema: Schema | undefined = planSchema;
  let value: unknown = plan;
  for (const part of path) {
    schema = child(resolve(schema, value), part);
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part];
  }
  return { schema, value };
}

/** Takes off defaults, options and what happens after parsing. */
function unwrap(schema: Schema | undefined): Schema | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.def.innerType);
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.def.in) : schema;
}

/** Picks the variant of a union that the value is meant to be. */
function resolve(wrapped: Schema | undefined, value: unknown): Schema | undefined {
  const schema = unwrap(wrapped);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const { discriminator, options } = schema.def;
    const named = (value as Record<string, unknown> | null | undefined)?.[discriminator];
    return options.find((option) => option instanceof z.ZodObject && accepts(option.shape[discriminator], named));
  }
  if (schema instanceof z.ZodUnion) {
    const index = indexOfOption(schema.def.options, value);
    return index === undefined ? undefined : unwrap(schema.def.options[index]);
  }
  return schema;
}

/** The one option that knows most of a mapping's keys, or the only one that is a mapping at all. */
function indexOfOption(options: readonly Schema[], value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const given = Object.keys(value);
  const objects = options.flatMap((option, index) => {
    const object = unwrap(option);
    if (!(object instanceof z.ZodObject)) return [];
    return [{ index, known: given.filter((key) => key in object.shape).length }];
  });
  if (objects.length === 1) return objects[0]?.index;
  const most = Math.max(...objects.map(({ known }) => known));
  const best = objects.filter(({ known }) => known === most);
  return most > 0 && best.length === 1 ? best[0]?.index : undefined;
}

function shapeKeys(option: Schema): string[] {
  const object = unwrap(option);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

function child(schema: Schema | undefined, part: PropertyKey): Schema | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[part as string];
  if (schema instanceof z.ZodRecord) return schema.def.valueType;
  if (schema instanceof z.ZodArray) return schema.def.element;
  return undefined;
}

function accepts(schema: Schema | undefined, value: unknown): boolean {
  return schema !== undefined && z.safeParse(schema, value).success;
}

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
