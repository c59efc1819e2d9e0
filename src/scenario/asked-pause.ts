import type { Exchange } from '../mcp/exchange/exchange.ts';
import { headerOf } from '../mcp/exchange/header.ts';
import { retryAfterMs } from '../mcp/operations/retry-after.ts';

/** RFC 9110 §10.2.3 and RFC 6585 §4: the statuses that Retry-After goes with, redirects aside. */
const ASKING: ReadonlySet<number> = new Set([429, 503]);

/** How long a reply asks to be left alone with Retry-After, milliseconds; 0 when it does not. @param nowMs epoch */
export function askedPauseMs({ status, replyHeaders }: Exchange, nowMs: number): number {
  return ASKING.has(status) ? (retryAfterMs(headerOf(replyHeaders, 'retry-after'), nowMs) ?? 0) : 0;
}
