import { compileSchemaParts, type SchemaParts } from '../mcp/operations/json-schema.ts';
import type { Tool } from '../mcp/operations/tool.ts';
import { quoted } from '../plan/bounded-text.ts';
import { placeholdersIn } from '../plan/placeholder.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { asArray, asRecord, isRecord } from '../plan/primitives.ts';
import { suggestion } from '../plan/problem.ts';
import { describeMismatches, type Finding, memberPath, type Path, shown } from './findings.ts';
import { fits, insideOf, type JsonType, typesOfText } from './placeholder-types.ts';

/** What a check of one step's arguments works with. */
type Scope = {
  readonly tool: string;
  readonly root: Readonly<Record<string, unknown>>;
  readonly parts: Extract<SchemaParts, { mismatchesOf: unknown }>;
  readonly feeds: Plan['feeds'];
  /** Pairs of a subschema and an argument that were checked; in a schema that repeats itself, each is checked once. */
  readonly seen: Set<string>;
};

/** A subschema that applies to a value, and its JSON pointer. */
type Applied = { readonly schema: Readonly<Record<string, unknown>>; readonly pointer: string };

/**
 * Checks the arguments of a step against its tool's inputSchema. Arguments without placeholders are validated as a
 * whole. Of others, it checks what does not depend on a placeholder: names, required names, constant parts, and the types
 * that placeholders can have.
 * @param feeds the plan's feeds, for the types of their columns
 * @param path of the arguments
 */
export function checkArguments(tool: Tool, given: unknown, feeds: Plan['feeds'], path: Path): readonly Finding[] {
  const { name, inputSchema } = tool;
  if (!isRecord(inputSchema)) return [];
  const parts = compileSchemaParts(inputSchema);
  if ('fault' in parts) {
    const message = `was not checked, because the inputSchema of ${name} cannot be used: ${parts.fault}`;
    return [{ severity: 'warning', path, message }];
  }
  const scope = { tool: name, root: inputSchema, parts, feeds, seen: new Set<string>() };
  return [...check(given, '', path, scope), ...unlistedNames(given, path, scope)];
}

/** What is wrong with a value of the plan, by the subschema at a pointer. */
function check(value: unknown, pointer: string, path: Path, scope: Scope): readonly Finding[] {
  const { tool, parts, root, feeds, seen } = scope;
  const pair = JSON.stringify([pointer, path]);
  if (seen.has(pair)) return [];
  seen.add(pair);
  if (placeholdersIn(value).length === 0) {
    return describeMismatches(parts.mismatchesOf(value, pointer), value, path, tool);
  }
  const allowed = allowedTypes(root, pointer);
  if (typeof value === 'string') return textFindings(value, allowed, path, feeds);
  const type: JsonType = Array.isArray(value) ? 'array' : 'object';
  if (allowed !== undefined && !fits(type, allowed)) return [wrongType(value, allowed, path)];
  const applied = applyingAt(root, pointer);
  if (Array.isArray(value)) {
    return value.flatMap((item, index) =>
      applied.flatMap((each) => check(item, itemPointer(each, index), [...path, index], scope)),
    );
  }
  return applied.flatMap((each) => checkMembers(asRecord(value), each, path, scope));
}

/** Checks an object whose values or names contain placeholders. */
function checkMembers(
  given: Readonly<Record<string, unknown>>,
  { schema, pointer }: Applied,
  path: Path,
  scope: Scope,
): readonly Finding[] {
  const properties = asRecord(schema.properties);
  const names = Object.keys(given);
  const isOpen = names.some((name) => placeholdersIn(name).length > 0);
  const absent = isOpen
    ? []
    : asArray(schema.required).filter((name) => typeof name === 'string' && !Object.hasOwn(given, name));
  const isClosed = schema.additionalProperties === false && schema.patternProperties === undefined;
  return [
    ...absent.map((name): Finding => {
      return {
        severity: 'problem',
        path: [...path, quoted(name, 200)],
        message: `missing; ${scope.tool} requires it: add it`,
      };
    }),
    ...names.flatMap((name): readonly Finding[] => {
      if (placeholdersIn(name).length > 0) return [];
      const at = memberPath(path, name);
      if (Object.hasOwn(properties, name)) {
        return check(given[name], `${pointer}/properties/${escaped(name)}`, at, scope);
      }
      if (isClosed) {
        const message = `${scope.tool} has no such argument: ${suggestion(name, Object.keys(properties))}`;
        return [{ severity: 'problem', path: at, message }];
      }
      return isRecord(schema.additionalProperties) && schema.patternProperties === undefined
        ? check(given[name], `${pointer}/additionalProperties`, at, scope)
        : [];
    }),
  ];
}

/** A text with placeholders: its value is not known, but the types that it can have are. */
function textFindings(
  text: string,
  allowed: ReadonlySet<string> | undefined,
  path: Path,
  feeds: Plan['feeds'],
): readonly Finding[] {
  const types = typesOfText(text, feeds);
  if (allowed === undefined || types === undefined) return [];
  const wrong = [...types].filter((type) => !fits(type, allowed));
  if (wrong.length === 0) return [];
  const expected = [...allowed].join(' or ');
  const becomes = `got ${shown(text)}, which becomes ${wrong.join(' or ')}`;
  const some = wrong.length < types.size;
  const fix = wrong.includes('string') ? howToSendJson(text) : `write a value of type ${expected}`;
  const message = `expected ${expected}, ${becomes}${some ? ' in some rows of its feed' : ''}: ${fix}`;
  return [{ severity: some ? 'warning' : 'problem', path, message }];
}

function howToSendJson(text: string): string {
  const inner = insideOf(text);
  if (inner === undefined) return 'make the placeholder the whole text, so that it keeps its own type';
  return inner.startsWith('$') ? 'use another generator' : `write {{${inner.replace(/\s*\|.*$/, '')}|json}}`;
}

function wrongType(value: unknown, allowed: ReadonlySet<string>, path: Path): Finding {
  const message = `expected ${[...allowed].join(' or ')}, got ${shown(value)}: change it`;
  return { severity: 'problem', path, message };
}

/**
 * Names that the inputSchema neither lists nor forbids. Servers usually ignore such arguments, so a misspelt name would
 * go unnoticed.
 */
function unlistedNames(given: unknown, path: Path, { root, tool }: Scope): readonly Finding[] {
  const properties = Object.keys(asRecord(root.properties));
  const more = ['patternProperties', '$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'dependentSchemas', '$dynamicRef'];
  const isOpen = root.additionalProperties !== undefined || more.some((keyword) => root[keyword] !== undefined);
  if (properties.length === 0 || isOpen) return [];
  return Object.keys(asRecord(given)).flatMap((name): readonly Finding[] => {
    if (properties.includes(name) || placeholdersIn(name).length > 0) return [];
    const message = `${tool} does not list this argument and may ignore it: ${suggestion(name, properties)}`;
    return [{ severity: 'warning', path: memberPath(path, name), message }];
  });
}

/**
 * The subschemas that apply to a value at a pointer whatever the value is: that one, what it refers to, and its `allOf`.
 * @param seen pointers that were followed before, because references may lead in circles
 */
function applyingAt(root: unknown, pointer: string, seen = new Set<string>()): readonly Applied[] {
  const schema = valueAt(root, pointer);
  // Within a subschema with an id, references have another base.
  const isForeign = pointer !== '' && asRecord(schema).$id !== undefined;
  if (!isRecord(schema) || isForeign || seen.has(pointer)) return [];
  seen.add(pointer);
  const { $ref } = schema;
  const referred = typeof $ref === 'string' && /^#(\/|$)/.test($ref) ? [decoded($ref.slice(1))] : [];
  const all = asArray(schema.allOf).map((_, index) => `${pointer}/allOf/${index}`);
  return [{ schema, pointer }, ...[...referred, ...all].flatMap((each) => applyingAt(root, each, seen))];
}

/** The types that a value at a pointer can have; undefined when any type may be allowed. */
function allowedTypes(root: unknown, pointer: string, seen = new Set<string>()): ReadonlySet<string> | undefined {
  const restrictions = applyingAt(root, pointer, seen).flatMap((applied) => [
    ...typesIn(applied.schema),
    ...(['anyOf', 'oneOf'] as const).flatMap((keyword) => {
      const choices = asArray(applied.schema[keyword]).map((_, index) =>
        allowedTypes(root, `${applied.pointer}/${keyword}/${index}`, seen),
      );
      const types = choices.flatMap((choice) => (choice === undefined ? [] : [...choice]));
      return choices.length === 0 || choices.includes(undefined) ? [] : [new Set(types)];
    }),
  ]);
  const mentioned = restrictions.flatMap((types) => [...types]);
  const common = mentioned.filter((type) => restrictions.every((types) => fits(type, types)));
  return common.length === 0 ? undefined : new Set(common);
}

function typesIn({ type }: Readonly<Record<string, unknown>>): ReadonlySet<string>[] {
  if (typeof type === 'string') return [new Set([type])];
  return Array.isArray(type) ? [new Set(type.filter((each) => typeof each === 'string'))] : [];
}

/** Where the subschema of an array's item is. */
function itemPointer({ schema, pointer }: Applied, index: number): string {
  return index < asArray(schema.prefixItems).length ? `${pointer}/prefixItems/${index}` : `${pointer}/items`;
}

function valueAt(root: unknown, pointer: string): unknown {
  const keys = pointer.split('/').slice(1);
  return keys.reduce<unknown>((part, key) => {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(part)) return part[Number(name)];
    return isRecord(part) && Object.hasOwn(part, name) ? part[name] : undefined;
  }, root);
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}
