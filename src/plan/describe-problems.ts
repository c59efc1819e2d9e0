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
import { isRecord } from './primitives.ts';
import { type DanglingReference, issueText, type PlanProblem, pathText, shortened, unknownKeyText } from './problem.ts';

/** The file that a plan was read from, for finding the places of problems. */
type PlanSource = { readonly plan: unknown; readonly document: Document; readonly lines: LineCounter };

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;
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
      for (const key of repeatedKeys(node)) add(key.range?.[0] ?? 0, 'this mapping already has this key; remove one');
    }
  });
  return problems.slice(0, MAX_PROBLEMS);
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
  return [{ path: issue.path, message: issueText(issue) }];
}

/** Explains why a mapping is not the option that its keys suggest; nothing when they suggest no single option. */
function messagesOfUnion({ path, errors, input }: Issue & { code: 'invalid_union' }, plan: unknown): Message[] {
  if (!isRecord(input)) return [];
  const { index, keys } = optionAt(plan, path);
  if (index !== undefined) {
    const issues = errors[index] ?? [];
    return issues.flatMap((issue) => messagesOf({ ...issue, path: [...path, ...issue.path] }, plan));
  }
  const unknown = Object.keys(input).filter((key) => !keys.includes(key));
  return unknown.map((key) => ({ path: [...path, key], message: unknownKeyText(shortened(key), keys) }));
}

function unknownKey(key: string, path: Path, plan: unknown): string {
  const { discriminator, names } = variantsWith(plan, path, key);
  if (names.length > 0) return `unknown key "${key}" with this ${discriminator}; only ${names.join(', ')} can have it`;
  return unknownKeyText(shortened(key), keysAt(plan, path));
}

/** The keys that a plan can have at a path, from the schema; the value decides between variants. */
function keysAt(plan: unknown, path: Path): string[] {
  const { schema, value } = schemaAt(plan, path);
  const object = resolve(schema, value);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

/** The variants with a key, among the variants of a mapping at a path, e.g. the executors of a scenario. */
function variantsWith(
  plan: unknown,
  path: Path,
  key: string,
): { readonly discriminator: string; readonly names: string[] } {
  const { schema } = schemaAt(plan, path);
  const union = unwrap(schema);
  if (!(union instanceof z.ZodDiscriminatedUnion)) return { discriminator: '', names: [] };
  const { discriminator, options } = union.def;
  const names = options.flatMap((option) => {
    const object = unwrap(option);
    if (!(object instanceof z.ZodObject) || !(key in object.shape)) return [];
    const literal: unknown = object.shape[discriminator];
    return literal instanceof z.ZodLiteral ? [...literal.values].map(String) : [];
  });
  return { discriminator, names };
}

/**
 * The option of a plain union that a mapping at a path is probably meant to be, judged by its keys. Returns the option's
 * index, or undefined if unclear, and the keys of all options.
 */
function optionAt(plan: unknown, path: Path): { readonly index: number | undefined; readonly keys: string[] } {
  const { schema, value } = schemaAt(plan, path);
  const union = unwrap(schema);
  if (!(union instanceof z.ZodUnion)) return { index: undefined, keys: [] };
  const keys = union.def.options.flatMap(shapeKeys);
  return { index: indexOfOption(union.def.options, value), keys: [...new Set(keys)] };
}

/** The schema at a path, and the value that the plan has there. */
function schemaAt(plan: unknown, path: Path): { readonly schema: Schema | undefined; readonly value: unknown } {
  let schema: Schema | undefined = planSchema;
  let value: unknown = plan;
  for (const part of path) {
    schema = childSchema(resolve(schema, value), part);
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part];
  }
  return { schema, value };
}

function childSchema(schema: Schema | undefined, part: PropertyKey): Schema | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[part as string];
  if (schema instanceof z.ZodRecord) return schema.def.valueType;
  if (schema instanceof z.ZodArray) return schema.def.element;
  return undefined;
}

/** Picks the variant of a union that a value is meant to be. */
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

/** Removes defaults, optionality and transforms from a schema. */
function unwrap(schema: Schema | undefined): Schema | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.def.innerType);
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.def.in) : schema;
}

/** The one option that knows most of a mapping's keys, or the only option that is a mapping. */
function indexOfOption(options: readonly Schema[], value: unknown): number | undefined {
  if (!isRecord(value)) return undefined;
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

function accepts(schema: Schema | undefined, value: unknown): boolean {
  return schema !== undefined && z.safeParse(schema, value).success;
}

/** The place of the value at a path, or of its nearest existing ancestor; in a mapping, the place of the key. */
function placeOf(path: Path, { document, lines }: PlanSource): { line: number; column: number } {
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
