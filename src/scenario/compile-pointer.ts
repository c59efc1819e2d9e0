import type { Json } from '../plan/feed.ts';

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
