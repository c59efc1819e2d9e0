import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { boundedJson, quoted } from '../../plan/bounded-text.ts';
import { countSteps, limitFormats, linearRegExp, StepCount, sizeFault, TooMuchWork } from './schema-limits.ts';

/** A value that was not checked to its end, and why. */
export type Unchecked = { readonly unchecked: string };

/** A schema ready to check values, or why it cannot be used. */
type CompiledSchema =
  /** Names the first mismatch of a value; undefined when the value matches. */
  { readonly problemOf: (value: unknown) => string | Unchecked | undefined } | { readonly fault: string };

/** How messages name the schema and the value, e.g. `the outputSchema` and `structuredContent`. */
type SchemaNames = { readonly schema: string; readonly value: string };

/** Dialects by their `$schema` without the scheme. The validator of draft-07 covers draft-06. */
const DIALECTS = new Map<string, typeof Ajv | typeof Ajv2019 | typeof Ajv2020>([
  ['json-schema.org/draft/2020-12/schema', Ajv2020],
  ['json-schema.org/draft/2019-09/schema', Ajv2019],
  ['json-schema.org/draft-07/schema', Ajv],
  ['json-schema.org/draft-06/schema', Ajv],
]);

/**
 * Unknown keywords and formats are allowed, as JSON Schema demands. Schemas are not validated against metaschemas:
 * compiling those takes twenty times as long as compiling a tool's schema, and a keyword of a wrong type is refused
 * anyway.
 */
const OPTIONS: Options = {
  strict: false,
  meta: false,
  validateSchema: false,
  logger: false,
  // Both would make the code of some schemas many times as large, or take quadratic time.
  inlineRefs: false,
  code: { optimize: false, regExp: linearRegExp },
};

/**
 * Compiles a JSON Schema. The dialect is 2020-12 unless `$schema` names another (MCP 2025-11-25, "JSON Schema Usage").
 * Never throws for a bad schema and never fetches one. A schema cannot be used when it refers to another document
 * (SEP-2106), is broken or too large, has an unknown dialect or a pattern that does not run in linear time. Takes about
 * a millisecond.
 */
export function compileJsonSchema(schema: Readonly<Record<string, unknown>>, names: SchemaNames): CompiledSchema {
  const compiled = compileWith(OPTIONS, schema);
  if ('fault' in compiled) return compiled;
  return { problemOf: (value) => problemOf(compiled, value, names) };
}

type Compiled =
  | { readonly ajv: Ajv; readonly validate: ValidateFunction; readonly steps: StepCount }
  | { readonly fault: string };

function compileWith(options: Options, schema: Readonly<Record<string, unknown>>): Compiled {
  const tooLarge = sizeFault(schema);
  if (tooLarge !== undefined) return { fault: tooLarge };
  const { $schema: declared } = schema;
  const dialect = typeof declared === 'string' ? declared.replace(/^https?:\/\/|#$/g, '') : undefined;
  const Validator = dialect === undefined ? Ajv2020 : DIALECTS.get(dialect);
  if (Validator === undefined) return { fault: `its dialect ${quoted(declared, 100)} is not supported` };
  try {
    // Each schema has its own validator. In a shared one, a reference in one server's schema could find another
    // server's schema of the same name.
    const ajv = new Validator(options);
    formats.default(ajv);
    limitFormats(ajv);
    const steps = new StepCount();
    countSteps(ajv, steps);
    const validate = ajv.compile(schema);
    if ('$async' in validate) return { fault: 'it asks for asynchronous validation, which JSON Schema does not have' };
    return { ajv, validate, steps };
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
  const { ajv, validate, steps } = compiled;
  ajv.addSchema(schema, 'whole');
  return {
    mismatchesOf: (value, pointer) => {
      const part = pointer === '' ? validate : subschemaAt(ajv, pointer);
      steps.reset();
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
    // Nothing is known about a value that takes too many steps.
    if (error instanceof TooMuchWork) return [];
    if (!(error instanceof RangeError)) throw error;
    return [{ pointer: '', keyword: '$ref', params: {}, message: 'must not be nested this deeply', subschema: {} }];
  }
  return (validate.errors ?? []).map(({ instancePath, keyword, params, message = '', parentSchema }) => {
    return { pointer: instancePath, keyword, params, message, subschema: parentSchema };
  });
}

function problemOf(
  { validate, steps }: Exclude<Compiled, { readonly fault: string }>,
  value: unknown,
  names: SchemaNames,
): string | Unchecked | undefined {
  steps.reset();
  try {
    if (validate(value)) return undefined;
  } catch (error) {
    if (error instanceof TooMuchWork) return { unchecked: error.message };
    // A schema may refer to itself without end, and a text may be too long for a pattern. No other error comes from one.
    if (!(error instanceof RangeError)) throw error;
    if (error.message.includes('pattern')) return { unchecked: error.message };
    return `${names.value} is nested too deeply for ${names.schema} to be checked`;
  }
  return textOf(validate.errors?.[0] as ErrorObject, names);
}

function textOf({ instancePath, keyword, params, message }: ErrorObject, { value }: SchemaNames): string {
  const what = `${value}${instancePath} ${message}`;
  if (keyword === 'additionalProperties') return `${what}: "${params.additionalProperty}"`;
  return keyword === 'enum' ? `${what}: ${boundedJson(params.allowedValues)}` : what;
}

/** An outputSchema ready to check results, or a note why it cannot be used. */
type CompiledOutputSchema =
  | { readonly problemOf: (structured: unknown) => string | Unchecked | undefined }
  | { readonly note: string };

const NAMES = { schema: 'the outputSchema', value: 'structuredContent' };

/** The schemas that a process keeps. It checks results with fewer, unless a server changes them with every list. */
const MAX_KEPT = 200;

/** The schemas that this process has compiled, by their text. */
const kept = new Map<string, CompiledOutputSchema>();

/** How many schemas the tools of a name have had. Several targets can have a tool of the same name. */
const versions = new Map<string, number>();
const USUAL_VERSIONS = 3;

/**
 * Compiles a tool's outputSchema, once per process and content. Never throws for a bad schema: that yields a note.
 * @returns undefined while too much time has gone into compiling schemas; one that is asked for later is compiled then
 */
export function compileOutputSchema(
  schema: Readonly<Record<string, unknown>>,
  tool: string,
): CompiledOutputSchema | undefined {
  const tooLarge = sizeFault(schema);
  if (tooLarge !== undefined) return uncheckable(tooLarge);
  const text = JSON.stringify(schema);
  const before = kept.get(text);
  if (before !== undefined) return before;
  const version = (versions.get(tool) ?? 0) + 1;
  const compiled = compileTime.spend(() => compiledOutputSchema(schema), version > USUAL_VERSIONS);
  if (compiled === undefined) return undefined;
  keep(versions, tool, version);
  keep(kept, text, compiled);
  return compiled;
}

/** Keeps an entry, in place of the oldest one if there are too many. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  if (map.size >= MAX_KEPT && !map.has(key)) map.delete(map.keys().next().value as string);
  map.set(key, value);
}

function uncheckable(fault: string): CompiledOutputSchema {
  return { note: `its outputSchema cannot be checked: ${fault}` };
}

function compiledOutputSchema(schema: Readonly<Record<string, unknown>>): CompiledOutputSchema {
  const compiled = compileJsonSchema(schema, NAMES);
  if ('fault' in compiled) return uncheckable(compiled.fault);
  const { problemOf } = compiled;
  return {
    problemOf: (structured) =>
      structured === undefined
        ? 'structuredContent is missing, although the tool has an outputSchema'
        : problemOf(structured),
  };
}

/**
 * The time that goes into compiling schemas: three seconds, and a twentieth of all time after that. Of schemas that change
 * again and again, one turn of the event loop compiles one that takes long.
 */
const compileTime = {
  leftMs: 3000,
  atMs: 0,
  isTurnFull: false,
  spend<Result>(work: () => Result, changesOften: boolean): Result | undefined {
    const startMs = performance.now();
    this.leftMs = Math.min(3000, this.leftMs + (startMs - this.atMs) / 20);
    this.atMs = startMs;
    if (this.leftMs <= 0 || (changesOften && this.isTurnFull)) return undefined;
    const result = work();
    const tookMs = performance.now() - startMs;
    this.leftMs -= tookMs;
    if (tookMs > LONG_COMPILE_MS) {
      this.isTurnFull = true;
      setImmediate(() => {
        this.isTurnFull = false;
      });
    }
    return result;
  },
};

const LONG_COMPILE_MS = 20;
