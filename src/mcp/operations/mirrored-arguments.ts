import { boundedJson } from '../../plan/bounded-text.ts';
import { asRecord, isRecord } from '../../plan/primitives.ts';

/** Printable ASCII without spaces at the ends, which intermediaries trim. */
const PLAIN = /^[!-~]([ -~]*[!-~])?$/;
const WRAPPED = '=?base64?';

/**
 * A string as the value of an `Mcp-Name` or `Mcp-Param-…` header (MCP 2026-07-28, Streamable HTTP, "Value Encoding"):
 * unchanged where that is safe, otherwise the Base64 of its UTF-8 in `=?base64?…?=`. A string that looks encoded
 * already is encoded too, and so is an empty one, because intermediaries may drop empty headers.
 */
export function encodeHeaderValue(text: string): string {
  if (PLAIN.test(text) && !text.startsWith(WRAPPED)) return text;
  return `${WRAPPED}${Buffer.from(text, 'utf8').toString('base64')}?=`;
}

/** A tool argument that is repeated in a header (`x-mcp-header`, MCP 2026-07-28). */
export type MirroredArgument = {
  /** Name of the header in lower case, e.g. `mcp-param-region`. */
  readonly header: string;
  /** Keys from the arguments down to the value. */
  readonly path: readonly string[];
};

/** What an inputSchema says about headers: the arguments to mirror, or why the tool must not be called. */
type MirroredArguments = { readonly mirrored: readonly MirroredArgument[] } | { readonly invalid: string };

const ANNOTATION = 'x-mcp-header';

/** RFC 9110 §5.6.2: a token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Without `number`: languages format it differently. */
const MIRRORED_TYPES: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean']);

/** Keywords with one subschema or a list of them. None of them always applies to the arguments as sent. */
const INNER = [
  'additionalItems',
  'additionalProperties',
  'allOf',
  'anyOf',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'oneOf',
  'prefixItems',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
] as const;

/** The same, with subschemas by name. */
const INNER_BY_NAME = ['$defs', 'definitions', 'dependencies', 'dependentSchemas', 'patternProperties'] as const;

/** Deeper than any tool's arguments. */
const MAX_DEPTH = 64;

/**
 * Reads the `x-mcp-header` annotations of an inputSchema (MCP 2026-07-28, Streamable HTTP, "Custom Headers from Tool
 * Parameters"; SEP-2243). The rules: an annotation names a header by an HTTP token, which is used once, whatever its
 * case. It belongs to a string, an integer or a boolean that is reached through `properties` only. A tool that breaks a
 * rule must not be called.
 */
export function readMirroredArguments(inputSchema: unknown): MirroredArguments {
  const mirrored: MirroredArgument[] = [];
  const taken = new Set<string>();
  const walk = (schema: unknown, path: readonly string[], direct: boolean, depth: number): string | undefined => {
    if (!isRecord(schema)) return undefined;
    if (depth > MAX_DEPTH) return `the schema is nested more than ${MAX_DEPTH} levels deep`;
    if (Object.hasOwn(schema, ANNOTATION)) {
      const problem =
        direct && depth > 0 ? annotationProblem(schema, taken) : 'it must be reached through `properties` only';
      if (problem !== undefined) return `${ANNOTATION} at ${path.join('.') || 'the top'}: ${problem}`;
      const name = (schema[ANNOTATION] as string).toLowerCase();
      taken.add(name);
      mirrored.push({ header: `mcp-param-${name}`, path });
    }
    for (const [name, inner] of namedIn(schema, 'properties')) {
      const problem = walk(inner, [...path, name], direct, depth + 1);
      if (problem !== undefined) return problem;
    }
    const inner = INNER.flatMap((keyword) => schema[keyword] ?? []);
    const named = INNER_BY_NAME.flatMap((keyword) => namedIn(schema, keyword).map(([, value]) => value));
    for (const other of [...inner, ...named]) {
      const problem = walk(other, path, false, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  const invalid = walk(inputSchema, [], true, 0);
  return invalid === undefined ? { mirrored } : { invalid };
}

/**
 * The headers of one call; names and values alternate. An argument gets no header when it is null or absent, or when it
 * is not a string, a boolean or a number that all implementations format alike (MCP 2026-07-28, "Value Encoding").
 * @param params JSON text of the params of tools/call
 */
export function headersOfArguments(mirrored: readonly MirroredArgument[], params: string): readonly string[] {
  if (mirrored.length === 0) return [];
  const { arguments: given } = JSON.parse(params) as { readonly arguments?: unknown };
  return mirrored.flatMap(({ header, path }) => {
    const text = textOf(path.reduce(valueAt, given));
    return text === undefined ? [] : [header, encodeHeaderValue(text)];
  });
}

function annotationProblem(schema: Readonly<Record<string, unknown>>, taken: ReadonlySet<string>): string | undefined {
  const { [ANNOTATION]: name, type } = schema;
  if (typeof name !== 'string' || !TOKEN.test(name)) return `expected an HTTP token, got ${boundedJson(name, 200)}`;
  if (!MIRRORED_TYPES.has(type)) return `expected a string, an integer or a boolean, got ${boundedJson(type, 200)}`;
  return taken.has(name.toLowerCase()) ? `"${name}" is used twice` : undefined;
}

function namedIn(schema: Readonly<Record<string, unknown>>, keyword: string): [string, unknown][] {
  const value = schema[keyword];
  return Object.entries(asRecord(value));
}

function valueAt(object: unknown, key: string): unknown {
  return isRecord(object) ? object[key] : undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number' || (Number.isInteger(value) && !Number.isSafeInteger(value))) return undefined;
  return String(value);
}
