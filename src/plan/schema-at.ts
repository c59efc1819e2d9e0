import { z } from 'zod';
import { planSchema } from './plan-schema.ts';
import { isRecord } from './primitives.ts';

type Path = readonly PropertyKey[];
type Schema = z.core.$ZodType;

/** The keys that a plan can have at a path, from the schema; the value decides between variants. */
export function keysAt(plan: unknown, path: Path): string[] {
  const { schema, value } = schemaAt(plan, path);
  const object = resolve(schema, value);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

/** One of the shapes that a mapping can have, such as a scenario with a certain executor. */
type Variant = { readonly discriminator: string; readonly name: string; readonly keys: ReadonlySet<string> };

/** The variants of the mapping at a path; none where the schema has no variants. */
export function variantsAt(plan: unknown, path: Path): Variant[] {
  const union = unwrap(schemaAt(plan, path).schema);
  if (!(union instanceof z.ZodDiscriminatedUnion)) return [];
  const { discriminator } = union.def;
  return union.def.options.flatMap((option) => {
    const object = unwrap(option);
    if (!(object instanceof z.ZodObject)) return [];
    const literal: unknown = object.shape[discriminator];
    const names = literal instanceof z.ZodLiteral ? [...literal.values].map(String) : [];
    return names.map((name) => ({ discriminator, name, keys: new Set(Object.keys(object.shape)) }));
  });
}

/** The variants with a key, among the variants of a mapping at a path, e.g. the executors of a scenario. */
export function variantsWith(
  plan: unknown,
  path: Path,
  key: string,
): { readonly discriminator: string; readonly names: string[] } {
  const variants = variantsAt(plan, path).filter(({ keys }) => keys.has(key));
  return { discriminator: variants[0]?.discriminator ?? '', names: variants.map(({ name }) => name) };
}

/**
 * The option of a plain union that a mapping at a path is probably meant to be, judged by its keys. Returns the option's
 * index, or undefined if unclear, and the keys of all options.
 */
export function optionAt(plan: unknown, path: Path): { readonly index: number | undefined; readonly keys: string[] } {
  const { schema, value } = schemaAt(plan, path);
  const union = unwrap(schema);
  if (!(union instanceof z.ZodUnion)) return { index: undefined, keys: [] };
  const keys = union.def.options.flatMap(shapeKeys);
  return { index: indexOfOption(union.def.options, value), keys: [...new Set(keys)] };
}

/** The schema at a path, and the value that the plan has there. */
export function schemaAt(plan: unknown, path: Path): { readonly schema: Schema | undefined; readonly value: unknown } {
  let schema: Schema | undefined = planSchema;
  let value: unknown = plan;
  for (const part of path) {
    schema = childSchema(resolve(schema, value), part);
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part];
  }
  return { schema, value };
}

/** What the schema expects of the value at a path: of variants, the one that the value is meant to be if that is clear. */
export function expectedAt(plan: unknown, path: Path): Schema | undefined {
  const { schema, value } = schemaAt(plan, path);
  return resolve(schema, value) ?? unwrap(schema);
}

function childSchema(schema: Schema | undefined, part: PropertyKey): Schema | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[part as string];
  if (schema instanceof z.ZodRecord) return schema.def.valueType;
  if (schema instanceof z.ZodArray) return schema.def.element;
  return undefined;
}

/** Picks the variant of a union that a value is meant to be. */
function resolve(wrapped: Schema | undefined, value: unknown): Schema | undefined {
  const schema = unwrap(wrapped);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const { discriminator, options } = schema.def;
    const named = (value as Record<string, unknown> | null | undefined)?.[discriminator];
    return options.find((option) => option instanceof z.ZodObject && accepts(option.shape[discriminator], named));
  }
  if (schema instanceof z.ZodUnion) {
    const index = indexOfOption(schema.def.options, value);
    return index === undefined ? undefined : unwrap(schema.def.options[index]);
  }
  return schema;
}

/** Removes defaults, optionality and transforms from a schema. */
function unwrap(schema: Schema | undefined): Schema | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.def.innerType);
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.def.in) : schema;
}

/** The one option that knows most of a mapping's keys, or the only option that is a mapping; of numbers, the numeric one. */
function indexOfOption(options: readonly Schema[], value: unknown): number | undefined {
  if (typeof value === 'number') {
    const index = options.findIndex((option) => unwrap(option) instanceof z.ZodNumber);
    return index < 0 ? undefined : index;
  }
  if (!isRecord(value)) return undefined;
  const given = Object.keys(value);
  const objects = options.flatMap((option, index) => {
    const object = unwrap(option);
    if (!(object instanceof z.ZodObject)) return [];
    return [{ index, known: given.filter((key) => key in object.shape).length }];
  });
  if (objects.length === 1) return objects[0]?.index;
  const most = Math.max(...objects.map(({ known }) => known));
  const best = objects.filter(({ known }) => known === most);
  return most > 0 && best.length === 1 ? best[0]?.index : undefined;
}

function shapeKeys(option: Schema): string[] {
  const object = unwrap(option);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

function accepts(schema: Schema | undefined, value: unknown): boolean {
  return schema !== undefined && z.safeParse(schema, value).success;
}
