import { z } from 'zod';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Milliseconds of a duration as k6 writes it: one or more numbers with units, e.g. `30s`, `1h30m`, `1.5s`, `500ms`.
 * @returns undefined when the text is no duration
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return totalMs;
}

/** A duration in a plan: text such as `30s`, parsed to milliseconds and at least `minMs`. */
export function durationSchema(minMs = 0) {
  return z.string('expected a duration such as "30s" or "1h30m"').transform((text, context) => {
    const ms = parseDuration(text);
    if (ms === undefined) {
      context.addIssue({ code: 'custom', message: `expected a duration such as "30s" or "1h30m", got "${text}"` });
      return z.NEVER;
    }
    if (ms < minMs) {
      context.addIssue({ code: 'custom', message: `expected at least ${minMs} ms, got "${text}"` });
      return z.NEVER;
    }
    return ms;
  });
}
