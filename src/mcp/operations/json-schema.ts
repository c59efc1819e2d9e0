import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** A schema that values can be held against, or why it cannot be used. */
export type CompiledSchema =
  /** Says what of a value does not fit, the first thing only. */
  { readonly problemOf: (value: unknown) => string | undefined } | { readonly fault: string };

/** What messages call the schema and the values, e.g. `the outputSchema` and `structuredContent`. */
export type SchemaNames = { readonly schema: string; readonly value: string };

/** Dialects by what follows the scheme in `$schema`. The validator of draft-07 knows all of draft-06. */
const DIALECTS = new Map<string, typeof Ajv | typeof Ajv2019 | typeof Ajv2020>([
  ['json-schema.org/draft/2020-12/schema', Ajv2020],
  ['json-schema.org/draft/2019-09/schema', Ajv2019],
  ['json-schema.org/draft-07/schema', Ajv],
  ['json-schema.org/draft-06/schema', Ajv],
]);

/** Compiling a longer schema would hold up everything else in the process. */
const MAX_CHARACTERS = 100_000;

/**
 * Unknown keywords and formats are allowed, as JSON Schema has it. The metaschemas stay out: compiling them takes twenty
 * times as long as compiling a tool's schema, and a keyword of a wrong type is refused all the same.
 */
const OPTIONS: Options = { strict: false, meta: false, validateSchema: false, logger: false };

/**
 * Compiles a JSON Schema. The dialect is 2020-12 unless `$schema` names another (MCP 2025-11-25, "JSON Schema Usage").
 * Never throws for a bad schema and never fetches: one that refers to another document (SEP-2106), is broken, too long or
 * of a dialect that is not known cannot be used. Takes about a millisecond.
 */
export function compileJsonSchema(schema: Readonly<Record<string, unknown>>, names: SchemaNames): CompiledSchema {
  if (JSON.stringify(schema).length > MAX_CHARACTERS) return { fault: `it has over ${MAX_CHARACTERS} characters` };
  const { $schema: declared } = schema;
  const dialect = typeof declared === 'string' ? declared.replace(/^https?:\/\/|#$/g, '') : undefined;
  const Validator = dialect === undefined ? Ajv2020 : DIALECTS.get(dialect);
  if (Validator === undefined) return { fault: `its dialect ${String(declared).slice(0, 100)} is not known` };
  try {
    // A validator of its own for each schema: in a shared one, what one server calls its schema could answer to another's
    // reference, and names would be taken.
    const ajv = new Validator(OPTIONS);
    formats.default(ajv);
    const validate = ajv.compile(schema);
    if ('$async' in validate) return { fault: 'it asks for asynchronous validation, which JSON Schema does not know' };
    return { problemOf: (value) => problemOf(validate, value, names) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

function problemOf(validate: ValidateFunction, value: unknown, names: SchemaNames): string | undefined {
  try {
    if (validate(value)) return undefined;
  } catch (error) {
    // A schema may refer to itself without end; the only error that comes from running one.
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

/** An outputSchema ready to be used, or why it cannot be. */
export type CompiledOutputSchema =
  | { readonly problemOf: (structured: unknown) => string | undefined }
  | { readonly note: string };

const NAMES = { schema: 'the outputSchema', value: 'structuredContent' };

/** Compiles a tool's outputSchema. Never throws for one that cannot be used: that yields a note. */
export function compileOutputSchema(schema: Readonly<Record<string, unknown>>): CompiledOutputSchema {
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
