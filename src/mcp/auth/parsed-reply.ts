import type { z } from 'zod';

type Parsed<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly faults: string };

/** Reads a JSON text by a schema, or says which fields are wrong: their names, never their values. */
export function parsedReply<Schema extends z.ZodType>(text: string, schema: Schema): Parsed<z.output<Schema>> {
  const parsed = schema.safeParse(parse(text));
  if (parsed.success) return { ok: true, value: parsed.data };
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`);
  return { ok: false, faults: faults.join('; ') };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
