import type { Exchange } from '../mcp/http/exchange.ts';
import { headerOf } from '../mcp/http/exchange-request.ts';
import { retryAfterMs } from '../mcp/operations/retry-after.ts';

/** After this pause a virtual user tries again to open a session, when the target answered but refused it. */
export const REOPEN_PAUSE_MS = 1000;

/** RFC 9110 §10.2.3 and RFC 6585 §4: the statuses that come with Retry-After, apart from redirects. */
const RETRY_AFTER_STATUSES: ReadonlySet<number> = new Set([429, 503]);

/** How long a reply asks us to wait with Retry-After, milliseconds; 0 when it does not. @param nowMs epoch */
export function retryAfterDelayMs({ status, replyHeaders }: Exchange, nowMs: number): number {
  if (!RETRY_AFTER_STATUSES.has(status)) return 0;
  return retryAfterMs(headerOf(replyHeaders, 'retry-after'), nowMs) ?? 0;
}

/** The first pause after a failed connection, and the longest. Each pause is twice as long as the one before. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;

/**
 * The pauses of one virtual user after failed connections. A target that is down refuses connections within a millisecond,
 * and a virtual user that tried again each time would hammer it with thousands of attempts per second.
 */
export class ConnectionPauses {
  #nextMs = FIRST_PAUSE_MS;

  /** How long to pause after a request, milliseconds; 0 if it had a connection, after which the pauses begin anew. */
  after(exchange: Exchange): number {
    if (!lackedConnection(exchange)) {
      this.#nextMs = FIRST_PAUSE_MS;
      return 0;
    }
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
    return pauseMs;
  }
}

/** True when no connection could be opened, or a new one broke before the reply to its first request. */
function lackedConnection({ outcome, status, sample }: Exchange): boolean {
  if (!outcome.startsWith('NET_') || status > 0) return false;
  return sample.socketMs === undefined || sample.connectMs !== undefined;
}
