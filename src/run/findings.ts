import type { SchemaMismatch } from '../mcp/operations/json-schema.ts';
import { boundedJson, quoted } from '../plan/bounded-text.ts';
import { asRecord } from '../plan/primitives.ts';
import { type Problem, pathText, shortened, suggestion } from '../plan/problem.ts';
import { typeOf } from './placeholder-types.ts';

export type Path = readonly PropertyKey[];

/** Something that preflight found: a problem ends the run before its load, a warning does not. */
export type Finding = {
  readonly severity: 'problem' | 'warning';
  /** Where in the plan. */
  readonly path: Path;
  /** What was expected, what was found and how to fix it; without a period at its end. */
  readonly message: string;
};

/** How to send arguments that preflight refuses, at the end of a problem. */
export const SEND_ANYWAY = 'To send these arguments anyway, set validateArguments: false in this step';

/** A finding as a problem of the plan; its message ends with a period or a question mark. */
export function findingProblem({ path, message }: Finding): Problem {
  return { path: pathText(path), message: /[.?]$/.test(message) ? message : `${message}.` };
}

/** A value of the plan as messages show it. */
export function shown(value: unknown): string {
  return shortened(JSON.stringify(value));
}

/** The path of an object's member. A key without a name would make the path end in a dot. */
export function memberPath(path: Path, key: string): Path {
  return [...path, key === '' ? '""' : key];
}

/**
 * Describes how a value of the plan does not match a tool's inputSchema.
 * @param path of the value
 */
export function describeMismatches(
  mismatches: readonly SchemaMismatch[],
  value: unknown,
  path: Path,
  tool: string,
): readonly Finding[] {
  return withoutAlternatives(mismatches).map((mismatch) => {
    const { keyword, params, pointer } = mismatch;
    const at = placeOf(value, pointer, path);
    if (keyword === 'required') {
      const missing = memberPath(at.path, quoted(params.missingProperty, 200));
      return problem(missing, `missing; ${tool} requires it: add it`);
    }
    const extra = params.additionalProperty ?? params.unevaluatedProperty;
    if (typeof extra === 'string') {
      const known = Object.keys(asRecord(asRecord(mismatch.subschema).properties));
      return problem(memberPath(at.path, extra), `${tool} has no such argument: ${suggestion(extra, known)}`);
    }
    return problem(at.path, `${expectation(mismatch, at.value)} (inputSchema of ${tool})`);
  });
}

function problem(path: Path, message: string): Finding {
  return { severity: 'problem', path, message };
}

/** The values of an `enum` that a message names. */
const MOST_VALUES = 50;

function expectation({ keyword, params, message }: SchemaMismatch, value: unknown): string {
  const got = `got ${shown(value)}`;
  if (keyword === 'type') {
    const types = [params.type].flat().map((type) => quoted(type, 100));
    return `expected ${types.join(' or ')}, ${got}: ${howToChangeType(value, types)}`;
  }
  if (keyword === 'enum' && Array.isArray(params.allowedValues)) {
    const texts = params.allowedValues.filter((each) => typeof each === 'string');
    const nearest = typeof value === 'string' ? suggestion(value, texts) : '';
    const all = params.allowedValues
      .slice(0, MOST_VALUES)
      .map((each) => boundedJson(each, 200))
      .join(', ');
    return nearest.startsWith('did you') ? `${got}: ${nearest}` : `${got}: expected one of ${all}`;
  }
  if (keyword === 'const') return `${got}: expected ${boundedJson(params.allowedValue, 200)}`;
  const expected = keyword === 'anyOf' || keyword === 'oneOf' ? 'must match one of the alternatives' : message;
  return `the value ${expected}, ${got}: change it`;
}

/** YAML reads `5` as a number and `"5"` as a text; people confuse them. */
function howToChangeType(value: unknown, types: readonly string[]): string {
  if (typeof value === 'string' && types.some((type) => typeInText(value).has(type))) return 'write it without quotes';
  if (types.includes('string') && typeof value !== 'string' && typeof value !== 'object') return 'write it in quotes';
  return types.includes('array') && !Array.isArray(value) ? 'write it as a list' : 'change it';
}

function typeInText(text: string): ReadonlySet<string> {
  try {
    const type = typeOf(JSON.parse(text));
    return new Set(type === 'integer' ? ['integer', 'number'] : [type]);
  } catch {
    return new Set();
  }
}

/**
 * Replaces the mismatches with each alternative of an `anyOf` or `oneOf`, which the validator puts before the mismatch
 * with all of them: only one alternative had to match. Alternatives that differ in their type become one mismatch.
 */
function withoutAlternatives(mismatches: readonly SchemaMismatch[]): readonly SchemaMismatch[] {
  const kept: SchemaMismatch[] = [];
  for (const mismatch of mismatches) {
    const { keyword, pointer } = mismatch;
    const first = kept.findLastIndex((each) => !`${each.pointer}/`.startsWith(`${pointer}/`)) + 1;
    // What the branch of an `if` demands has been said.
    if (keyword === 'if' && first < kept.length) continue;
    if (keyword !== 'anyOf' && keyword !== 'oneOf') {
      kept.push(mismatch);
      continue;
    }
    const inner = kept.splice(first);
    const isByType = inner.length > 0 && inner.every((each) => each.keyword === 'type' && each.pointer === pointer);
    const type = inner.flatMap(({ params }) => params.type);
    kept.push(isByType ? { ...mismatch, keyword: 'type', params: { type } } : mismatch);
  }
  return kept;
}

/** The part of a value at a JSON pointer, and its path in the plan. */
function placeOf(value: unknown, pointer: string, path: Path): { readonly value: unknown; readonly path: Path } {
  let at = { value, path };
  for (const key of pointer.split('/').slice(1)) {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    const index = Number(name);
    at = Array.isArray(at.value)
      ? { value: at.value[index], path: [...at.path, index] }
      : { value: asRecord(at.value)[name], path: memberPath(at.path, name) };
  }
  return at;
}
