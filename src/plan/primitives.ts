import { z } from 'zod';

/** What JSON calls an object, with values of unknown shape. */
type UnknownRecord = Readonly<Record<string, unknown>>;

/** True for what JSON calls an object: neither null nor an array. */
export function isRecord(value: unknown): value is UnknownRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value if it is an object, otherwise an empty one, so that a path into a value of any shape can be followed. */
export function asRecord(value: unknown): UnknownRecord {
  return isRecord(value) ? value : {};
}

/** The value if it is an array, otherwise an empty one. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * True when a mapping has no unknown key. Used as the condition of further checks: with a misspelt key, the missing right
 * key needs no message of its own.
 */
export function knowsAllKeys({ value, issues }: z.core.ParsePayload): boolean {
  return typeof value === 'object' && value !== null && !issues.some(({ code }) => code === 'unrecognized_keys');
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const EXPECTED = 'expected a duration such as "30s" or "1h30m"';

/** The longest duration that a plan may contain; keeps every sum of durations an exact number. */
const LONGEST = '30d';

/**
 * Parses a duration in k6's notation: one or more numbers with units, e.g. `30s`, `1h30m`, `1.5s`, `500ms`.
 * @returns milliseconds, rounded to the microsecond so that `1.005s` is 1005; undefined when the text is not a duration
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return Math.round(totalMs * 1000) / 1000;
}

/** A duration in a plan: text such as `30s`, parsed to milliseconds, between `minMs` and `longest`. */
export function durationSchema(minMs = 0, longest: string = LONGEST) {
  const maxMs = parseDuration(longest) as number;
  return z.string(EXPECTED).transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms;
    const limit = ms !== undefined && ms < minMs ? `expected at least ${minMs} ms` : `expected at most ${longest}`;
    context.addIssue({ code: 'custom', message: ms === undefined ? EXPECTED : limit, input: text });
    return z.NEVER;
  });
}

/** An http or https URL without user name and password. @param expected the message for anything else */
export function httpUrl(expected: string) {
  return z.url({ protocol: /^https?$/, error: expected }).refine((url) => {
    if (!URL.canParse(url)) return true;
    const { username, password } = new URL(url);
    return username === '' && password === '';
  }, 'expected no user name and no password in the URL; use `auth`');
}
