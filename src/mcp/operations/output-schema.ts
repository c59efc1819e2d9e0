import { compileJsonSchema } from './json-schema.ts';

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
