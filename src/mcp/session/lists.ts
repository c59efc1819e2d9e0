import type { Exchange } from '../http/exchange.ts';
import type { Call } from '../operations/call.ts';
import { type Page, pageCall, readPage } from '../operations/list-items.ts';
import { followUp } from './follow-up.ts';
import type { Caller, Session } from './session.ts';
import { succeeded } from './succeeded.ts';

/** A server that pages further than this never ends, even if no cursor comes twice. */
const MAX_PAGES = 1000;

/**
 * Requests a list page by page until there is no further cursor, one comes twice, or a page fails; each page is a sample,
 * and the last is returned.
 * @param first the request for the first page
 */
export async function listPages(
  session: Pick<Session, 'request'>,
  first: Call,
  caller: Caller,
  onPage: (items: Page['items']) => void,
): Promise<Exchange> {
  const seen = new Set<string>();
  let call = first;
  let asking = caller;
  for (let page = 1; ; page++) {
    const exchange = await session.request(call, asking);
    if (!succeeded(exchange)) return exchange;
    const { items, nextCursor } = readPage(call.method, exchange.result);
    onPage(items);
    if (nextCursor === undefined || seen.has(nextCursor) || page === MAX_PAGES) return exchange;
    seen.add(nextCursor);
    call = pageCall(first, nextCursor);
    asking = followUp(caller);
  }
}
