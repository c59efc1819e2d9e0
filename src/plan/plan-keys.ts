import { z } from 'zod';
import { planSchema } from './plan-schema.ts';

/** The keys that a plan may have at a path, read from the schema; the value decides between variants. */
export function keysAt(plan: unknown, path: readonly PropertyKey[]): string[] {
  let schema: z.core.$ZodType | undefined = planSchema;
  let value: unknown = plan;
  for (const part of path) {
    schema = child(resolve(schema, value), part);
    value = (value as Record<PropertyKey, unknown> | undefined)?.[part];
  }
  const object = resolve(schema, value);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

/** Takes off defaults and options, and picks the variant of a discriminated union that the value names. */
function resolve(schema: z.core.$ZodType | undefined, value: unknown): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return resolve(schema.def.innerType, value);
  }
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const { discriminator, options } = schema.def;
    const named = (value as Record<string, unknown> | undefined)?.[discriminator];
    return options.find((option) => option instanceof z.ZodObject && accepts(option.shape[discriminator], named));
  }
  return schema;
}

function child(schema: z.core.$ZodType | undefined, part: PropertyKey): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[part as string];
  if (schema instanceof z.ZodRecord) return schema.def.valueType;
  if (schema instanceof z.ZodArray) return schema.def.element;
  return undefined;
}

function accepts(schema: z.core.$ZodType | undefined, value: unknown): boolean {
  return schema !== undefined && z.safeParse(schema, value).success;
}
