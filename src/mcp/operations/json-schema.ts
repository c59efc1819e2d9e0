import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** A schema ready to check values, or why it cannot be used. */
type CompiledSchema =
  /** Names the first mismatch of a value; undefined when the value matches. */
  { readonly problemOf: (value: unknown) => string | undefined } | { readonly fault: string };

/** How messages name the schema and the value, e.g. `the outputSchema` and `structuredContent`. */
type SchemaNames = { readonly schema: string; readonly value: string };

/** Dialects by their `$schema` without the scheme. The validator of draft-07 covers draft-06. */
const DIALECTS = new Map<string, typeof Ajv | typeof Ajv2019 | typeof Ajv2020>([
  ['json-schema.org/draft/2020-12/schema', Ajv2020],
  ['json-schema.org/draft/2019-09/schema', Ajv2019],
  ['json-schema.org/draft-07/schema', Ajv],
  ['json-schema.org/draft-06/schema', Ajv],
]);

/** Compiling a longer schema would block everything else in the process. */
const MAX_CHARACTERS = 100_000;

/**
 * Unknown keywords and formats are allowed, as JSON Schema demands. Schemas are not validated against metaschemas:
 * compiling those takes twenty times as long as compiling a tool's schema, and a keyword of a wrong type is refused
 * anyway.
 */
const OPTIONS: Options = { strict: false, meta: false, validateSchema: false, logger: false };

/**
 * Compiles a JSON Schema. The dialect is 2020-12 unless `$schema` names another (MCP 2025-11-25, "JSON Schema Usage").
 * Never throws for a bad schema and never fetches one. A schema cannot be used when it refers to another document
 * (SEP-2106), is broken or too long, or has an unknown dialect. Takes about a millisecond.
 */
export function compileJsonSchema(schema: Readonly<Record<string, unknown>>, names: SchemaNames): CompiledSchema {
  const compiled = compileWith(OPTIONS, schema);
  if ('fault' in compiled) return compiled;
  return { problemOf: (value) => problemOf(compiled.validate, value, names) };
}

type Compiled = { readonly ajv: Ajv; readonly validate: ValidateFunction } | { readonly fault: string };

function compileWith(options: Options, schema: Readonly<Record<string, unknown>>): Compiled {
  if (JSON.stringify(schema).length > MAX_CHARACTERS) return { fault: `it has over ${MAX_CHARACTERS} characters` };
  const { $schema: declared } = schema;
  const dialect = typeof declared === 'string' ? declared.replace(/^https?:\/\/|#$/g, '') : undefined;
  const Validator = dialect === undefined ? Ajv2020 : DIALECTS.get(dialect);
  if (Validator === undefined) return { fault: `its dialect ${String(declared).slice(0, 100)} is not supported` };
  try {
    // Each schema has its own validator. In a shared one, a reference in one server's schema could find another
    // server's schema of the same name.
    const ajv = new Validator(options);
    formats.default(ajv);
    const validate = ajv.compile(schema);
    if ('$async' in validate) return { fault: 'it asks for asynchronous validation, which JSON Schema does not have' };
    return { ajv, validate };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

/** One way in which a value does not match a schema. */
export type SchemaMismatch = {
  /** JSON pointer from the value that was checked to the part that does not match. */
  readonly pointer: string;
  /** The keyword that the part does not match, with its parameters and the message of the validator. */
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
  /** The subschema that has the keyword. */
  readonly subschema: unknown;
};

/** A schema and its subschemas, ready to check values; or why the schema cannot be used. */
export type SchemaParts =
  /** Every mismatch of a value with the subschema at a JSON pointer; the empty pointer is the whole schema. */
  | { readonly mismatchesOf: (value: unknown, pointer: string) => readonly SchemaMismatch[] }
  | { readonly fault: string };

/** Compiles a JSON Schema under the same rules as {@link compileJsonSchema}, to find every mismatch of a value. */
export function compileSchemaParts(schema: Readonly<Record<string, unknown>>): SchemaParts {
  const compiled = compileWith({ ...OPTIONS, allErrors: true, verbose: true }, schema);
  if ('fault' in compiled) return compiled;
  const { ajv, validate } = compiled;
  ajv.addSchema(schema, 'whole');
  return {
    mismatchesOf: (value, pointer) => {
      const part = pointer === '' ? validate : subschemaAt(ajv, pointer);
      return part === undefined ? [] : mismatchesOf(part, value);
    },
  };
}

/** The validator of a subschema; undefined where there is none, or none that can be compiled separately. */
function subschemaAt(ajv: Ajv, pointer: string): ValidateFunction | undefined {
  try {
    return ajv.getSchema(`whole#${pointer.split('/').map(encodeURIComponent).join('/')}`);
  } catch {
    return undefined;
  }
}

function mismatchesOf(validate: ValidateFunction, value: unknown): readonly SchemaMismatch[] {
  try {
    validate(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [{ pointer: '', keyword: '$ref', params: {}, message: 'must not be nested this deeply', subschema: {} }];
  }
  return (validate.errors ?? []).map(({ instancePath, keyword, params, message = '', parentSchema }) => {
    return { pointer: instancePath, keyword, params, message, subschema: parentSchema };
  });
}

function problemOf(validate: ValidateFunction, value: unknown, names: SchemaNames): string | undefined {
  try {
    if (validate(value)) return undefined;
  } catch (error) {
    // A schema may refer to itself without end. No other error comes from running one.
    if (!(error instanceof RangeError)) throw error;
    return `${names.value} is nested too deeply for ${names.schema} to be checked`;
  }
  return textOf(validate.errors?.[0] as ErrorObject, names);
}

function textOf({ instancePath, keyword, params, message }: ErrorObject, { value }: SchemaNames): string {
  const what = `${value}${instancePath} ${message}`;
  if (keyword === 'additionalProperties') return `${what}: "${params.additionalProperty}"`;
  return keyword === 'enum' ? `${what}: ${JSON.stringify(params.allowedValues)}` : what;
}

/** An outputSchema ready to check results, or a note why it cannot be used. */
type CompiledOutputSchema =
  | { readonly problemOf: (structured: unknown) => string | undefined }
  | { readonly note: string };

const NAMES = { schema: 'the outputSchema', value: 'structuredContent' };

/** More schemas than a process checks results with, unless a server changes them with every list. */
const MAX_KEPT = 1000;

/** The schemas that this process has compiled, by their text. */
const kept = new Map<string, CompiledOutputSchema>();

/** Compiles a tool's outputSchema, once per process and content. Never throws for a bad schema: that yields a note. */
export function compileOutputSchema(schema: Readonly<Record<string, unknown>>): CompiledOutputSchema {
  const text = JSON.stringify(schema);
  const before = kept.get(text);
  if (before !== undefined) return before;
  const compiled = compiledOutputSchema(schema);
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value as string);
  kept.set(text, compiled);
  return compiled;
}

function compiledOutputSchema(schema: Readonly<Record<string, unknown>>): CompiledOutputSchema {
  const compiled = compileJsonSchema(schema, NAMES);
  if ('fault' in compiled) return { note: `its outputSchema cannot be checked: ${compiled.fault}` };
  const { problemOf } = compiled;
  return {
    problemOf: (structured) =>
      structured === undefined
        ? 'structuredContent is missing, although the tool has an outputSchema'
        : problemOf(structured),
  };
}
