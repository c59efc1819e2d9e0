import type { Json } from '../plan/feed.ts';

/** Makes of a value the JSON text that stands for its placeholder. */
export type JsonForm = (value: Json) => string;

/** Where a placeholder is all that a text holds: the value in its own type. */
export const ownJson: JsonForm = (value) => JSON.stringify(value);

/** The same where only texts are allowed. */
export const textJson: JsonForm = (value) => JSON.stringify(textOf(value));

/** Within a text: what stands between its quotation marks. */
export const innerJson: JsonForm = (value) => textJson(value).slice(1, -1);

/** A text as the JSON that it holds, any other value as it is; undefined for a text that holds none. */
export function jsonIn(value: Json): Json | undefined {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
