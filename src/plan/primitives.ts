import { z } from 'zod';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const EXPECTED = 'expected a duration such as "30s" or "1h30m"';

/** No part of a plan lasts longer; it also keeps every sum of durations an exact number. */
const LONGEST = '30d';

/**
 * Milliseconds of a duration as k6 writes it: one or more numbers with units, e.g. `30s`, `1h30m`, `1.5s`, `500ms`; to
 * the microsecond, so that `1.005s` is 1005.
 * @returns undefined when the text is no duration
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return Math.round(totalMs * 1000) / 1000;
}

/** A duration in a plan: text such as `30s`, parsed to milliseconds, from `minMs` to `longest`. */
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
