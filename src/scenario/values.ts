import type { Json } from '../plan/feed.ts';
import type { Capture } from '../plan/step-schema.ts';
import type { Random } from '../traffic/random.ts';

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

/** What the placeholders of one iteration are filled from. */
export type Values = {
  readonly random: Random;
  /** The virtual user's number in the run. */
  readonly vu: number;
  readonly iteration: number;
  /** The iteration's row of each feed that its scenario uses, by the feed's place among them. */
  readonly rows: readonly number[];
  /** What earlier replies of the iteration have given, by name. */
  readonly captured: Map<string, Json>;
};

/** RFC 6901 §4: an index of an array has no leading zeros. */
const INDEX = /^(0|[1-9]\d*)$/;

/** Makes a JSON pointer (RFC 6901) ready: given a value, it finds what it points at, or undefined where there is nothing. */
export function compilePointer(pointer: string): (value: unknown) => Json | undefined {
  const tokens = pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  return (value) => tokens.reduce<unknown>(memberOf, value) as Json | undefined;
}

function memberOf(value: unknown, token: string): unknown {
  if (Array.isArray(value)) return INDEX.test(token) ? value[Number(token)] : undefined;
  const hasIt = typeof value === 'object' && value !== null && Object.hasOwn(value, token);
  return hasIt ? (value as Record<string, unknown>)[token] : undefined;
}

/** Finds a value in a result or its text; undefined when it is not there. */
export type CompiledCapture = {
  readonly name: string;
  readonly find: (result: unknown, text: string) => Json | undefined;
  /** What was looked for, for the message when it is not there. */
  readonly sought: string;
};

/**
 * Makes a capture ready.
 * @param asJson a later step reads the value as JSON: a text that holds none is as good as not there
 */
export function compileCapture(name: string, capture: Capture, asJson: boolean): CompiledCapture {
  const find = 'pointer' in capture ? findByPointer(capture.pointer) : findByPattern(capture.matches);
  const sought = 'pointer' in capture ? `at ${capture.pointer || 'the top'}` : `by /${capture.matches}/u`;
  if (!asJson) return { name, find, sought };
  const findJson: CompiledCapture['find'] = (result, text) => {
    const found = find(result, text);
    return found === undefined || jsonIn(found) === undefined ? undefined : found;
  };
  return { name, find: findJson, sought: `as JSON ${sought}` };
}

function findByPointer(pointer: string): CompiledCapture['find'] {
  const find = compilePointer(pointer);
  return (result) => find(result);
}

/** The first group, or the whole match where the pattern has none. */
function findByPattern(source: string): CompiledCapture['find'] {
  const pattern = new RegExp(source, 'u');
  return (_, text) => {
    const match = pattern.exec(text);
    return match === null || match.length === 1 ? match?.[0] : match[1];
  };
}
