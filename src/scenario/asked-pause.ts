import { headerOf } from '../mcp/exchange/header.ts';
import type { Exchange } from '../mcp/http/exchange.ts';
import { retryAfterMs } from '../mcp/operations/retry-after.ts';

/** RFC 9110 §10.2.3 and RFC 6585 §4: the statuses that Retry-After goes with, redirects aside. */
const ASKING: ReadonlySet<number> = new Set([429, 503]);

/** True when the reply's status is one that may ask for a pause. */
export function mayAskForPause({ status }: Exchange): boolean {
  return ASKING.has(status);
}

/** How long a reply asks to be left alone with Retry-After, milliseconds; 0 when it does not. @param nowMs epoch */
export function askedPauseMs(exchange: Exchange, nowMs: number): number {
  return mayAskForPause(exchange) ? (retryAfterMs(headerOf(exchange.replyHeaders, 'retry-after'), nowMs) ?? 0) : 0;
}
