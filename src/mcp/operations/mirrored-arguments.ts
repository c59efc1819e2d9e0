import { asRecord, isRecord } from '../../plan/primitives.ts';
import type { MirroredArgument } from './tool.ts';

/** Printable ASCII that no intermediary trims. */
const PLAIN = /^[!-~]([ -~]*[!-~])?$/;
const WRAPPED = '=?base64?';

/**
 * A text as the value of an `Mcp-Name` or `Mcp-Param-…` header (MCP 2026-07-28, Streamable HTTP, "Value Encoding"): as
 * it is where that is safe, else `=?base64?…?=` around the Base64 of its UTF-8. The same is
 * done with a text that looks wrapped already, and with an empty one, as intermediaries may drop empty headers.
 */
export function encodeHeaderValue(text: string): string {
  if (PLAIN.test(text) && !text.startsWith(WRAPPED)) return text;
  return `${WRAPPED}${Buffer.from(text, 'utf8').toString('base64')}?=`;
}

/** What an inputSchema says of headers: the arguments to mirror, or why the tool must not be called. */
export type MirroredArguments = { readonly mirrored: readonly MirroredArgument[] } | { readonly invalid: string };

const ANNOTATION = 'x-mcp-header';

/** RFC 9110 §5.6.2: a token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** `number` is not among them: its texts differ between languages. */
const MIRRORED_TYPES: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean']);

/** Keywords with one subschema or a list of them, none of which always applies to the arguments as they are sent. */
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

/** The same with subschemas by name. */
const INNER_BY_NAME = ['$defs', 'definitions', 'dependencies', 'dependentSchemas', 'patternProperties'] as const;

/** Deeper than any tool's arguments. */
const MAX_DEPTH = 64;

/**
 * Reads the `x-mcp-header` annotations of an inputSchema (MCP 2026-07-28, Streamable HTTP, "Custom Headers from Tool
 * Parameters"; SEP-2243). Each names a header with a token that is used once, whatever its case, and stands at a text,
 * an integer or a boolean that only `properties` lead to. A tool that breaks one of these rules must not be called.
 */
export function readMirroredArguments(inputSchema: unknown): MirroredArguments {
  const mirrored: MirroredArgument[] = [];
  const taken = new Set<string>();
  const walk = (schema: unknown, path: readonly string[], direct: boolean, depth: number): string | undefined => {
    if (!isRecord(schema)) return undefined;
    if (depth > MAX_DEPTH) return `the schema is nested more than ${MAX_DEPTH} levels deep`;
    if (Object.hasOwn(schema, ANNOTATION)) {
      const problem = direct && depth > 0 ? annotationProblem(schema, taken) : 'only `properties` may lead to it';
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
 * The headers of one call, names and values in turn. An argument that is null or absent has none, nor has one that is
 * no text, boolean or number that every implementation reads alike (MCP 2026-07-28, "Value Encoding").
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
  if (typeof name !== 'string' || !TOKEN.test(name)) return `expected an HTTP token, got ${JSON.stringify(name)}`;
  if (!MIRRORED_TYPES.has(type)) return `expected a string, an integer or a boolean, got ${JSON.stringify(type)}`;
  return taken.has(name.toLowerCase()) ? `"${name}" is there already` : undefined;
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
