import { inexactNumberIn, uncertainNumberIn } from '../plan/exact-numbers.ts';
import type { Json } from '../plan/feed.ts';
import { planPattern } from '../plan/linear-pattern.ts';
import type { Capture } from '../plan/step-schema.ts';
import type { Random } from '../traffic/random.ts';

/** What the placeholders of one iteration are filled from. */
export type Values = {
  readonly random: Random;
  /** The virtual user's number in the run. */
  readonly vu: number;
  readonly iteration: number;
  /** The iteration's row of each feed that its scenario uses, by the feed's index among them. */
  readonly rows: readonly number[];
  /** Values from earlier replies of the iteration, by name. */
  readonly captured: Map<string, Json>;
};

/** Converts a value to the JSON text that replaces its placeholder. */
export type JsonForm = (value: Json) => string;

/** For a text that consists of one placeholder: the value in its own type. */
export const ownJson: JsonForm = (value) => JSON.stringify(value);

/** The same where only a text is allowed. */
export const textJson: JsonForm = (value) => JSON.stringify(textOf(value));

/** For a placeholder within a text: what goes between the quotation marks. */
export const innerJson: JsonForm = (value) => textJson(value).slice(1, -1);

/** Parses a text as JSON; leaves any other value as it is. @returns undefined for a text that is not JSON */
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

/** RFC 6901 §4: an index of an array has no leading zeros. */
const INDEX = /^(0|[1-9]\d*)$/;

/** Compiles a JSON pointer (RFC 6901) to a function that finds its target in a value; undefined when there is none. */
export function compilePointer(pointer: string): (value: unknown) => Json | undefined {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return (value) => keys.reduce<unknown>(memberOf, value) as Json | undefined;
}

function memberOf(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return INDEX.test(key) ? value[Number(key)] : undefined;
  const hasIt = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
  return hasIt ? (value as Record<string, unknown>)[key] : undefined;
}

/** Finds a value in a result or its text. */
export type CompiledCapture = {
  readonly name: string;
  /** Returns undefined when the value is missing. */
  readonly find: (result: unknown, text: string) => Json | undefined;
  /** What was looked for, for the message when it is missing. */
  readonly sought: string;
  /** A number within the value whose digits parsing has changed, or may have; undefined when there is none. */
  readonly inexact: (value: Json) => string | undefined;
};

/**
 * Compiles a capture.
 * @param asJson a later step reads the value as JSON, so a text that is not JSON counts as missing
 */
export function compileCapture(name: string, capture: Capture, asJson: boolean): CompiledCapture {
  const find = 'pointer' in capture ? findByPointer(capture.pointer) : findByPattern(capture.matches);
  const sought = 'pointer' in capture ? `at ${capture.pointer || 'the top'}` : `by /${capture.matches}/u`;
  const inexact: CompiledCapture['inexact'] = (value) => {
    if (typeof value === 'string') return asJson ? inexactNumberIn(value)?.source : undefined;
    return uncertainNumberIn(value)?.toString();
  };
  if (!asJson) return { name, find, sought, inexact };
  const findJson: CompiledCapture['find'] = (result, text) => {
    const found = find(result, text);
    return found === undefined || jsonIn(found) === undefined ? undefined : found;
  };
  return { name, find: findJson, sought: `as JSON ${sought}`, inexact };
}

function findByPointer(pointer: string): CompiledCapture['find'] {
  const find = compilePointer(pointer);
  return (result) => find(result);
}

/** Finds the pattern's first group, or the whole match when it has no group. */
function findByPattern(source: string): CompiledCapture['find'] {
  const pattern = planPattern(source);
  return (_, text) => pattern.find(text);
}
