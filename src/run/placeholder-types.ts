import { PLACEHOLDER, type Placeholder, parsePlaceholder } from '../plan/placeholder.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { jsonIn } from '../scenario/values.ts';

/** A type as JSON Schema names it. */
export type JsonType = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object';

/** True when a type is one of those allowed. A whole number is a number too. */
export function fits(type: string, allowed: ReadonlySet<string>): boolean {
  return allowed.has(type) || (type === 'integer' && allowed.has('number'));
}

/** The type of a JSON value; a number without a fraction is an integer. */
export function typeOf(value: unknown): JsonType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (typeof value === 'string') return 'string';
  return typeof value === 'boolean' ? 'boolean' : 'object';
}

/**
 * The types that a text with placeholders can have once it is filled: a text that is one placeholder takes the value's
 * type, any other stays a text. Undefined when the type depends on a reply.
 */
export function typesOfText(text: string, feeds: Plan['feeds']): ReadonlySet<JsonType> | undefined {
  const inner = insideOf(text);
  if (inner === undefined) return new Set(['string']);
  const placeholder = parsePlaceholder(inner);
  return 'problem' in placeholder ? undefined : typesOf(placeholder, feeds);
}

/** The inside of the placeholder that a text consists of; undefined for a text that has anything else. */
export function insideOf(text: string): string | undefined {
  // With a capturing group, split alternates: text, placeholder, text, …, text.
  const [before, inner, after, ...more] = text.split(PLACEHOLDER);
  return before === '' && after === '' && more.length === 0 ? inner?.trim() : undefined;
}

function typesOf(placeholder: Placeholder, feeds: Plan['feeds']): ReadonlySet<JsonType> | undefined {
  if (placeholder.kind === 'generated') {
    const { generator } = placeholder;
    if (generator === 'number') return new Set(['number']);
    return new Set([generator === 'integer' || generator === 'vu' || generator === 'iteration' ? 'integer' : 'string']);
  }
  const { name, column, json } = placeholder;
  const feed = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
  if (feed === undefined) return undefined;
  const index = column === undefined ? 0 : feed.columns.indexOf(column);
  return new Set(feed.rows.map((row) => typeOf(json ? jsonIn(row[index] ?? null) : row[index])));
}
