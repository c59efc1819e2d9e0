import type { Exchange } from '../http/exchange.ts';
import type { Call } from '../operations/call.ts';
import { listItems, type Page, pageCall, readPage } from '../operations/list-items.ts';
import type { Tool } from '../operations/tool.ts';
import { readTools } from '../operations/tool.ts';
import { type Caller, followUp, type NotOpened, type Session, succeeded } from './session.ts';

/** Stops at this page, in case a server sends a new cursor for ever. */
const MAX_PAGES = 1000;

/**
 * Requests a list page by page until no cursor follows, a cursor is repeated, or a page fails. Each page is a sample;
 * the last one is returned.
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

const FIRST_PAGE: Call = { ...listItems('tools'), kind: 'protocol' };

/** Lists a server's tools, or returns the request that failed. */
export async function listTools(
  session: Pick<Session, 'request'>,
  caller: Caller,
): Promise<readonly Tool[] | NotOpened> {
  const tools: Tool[] = [];
  const last = await listPages(session, FIRST_PAGE, caller, (items) => tools.push(...readTools(items)));
  return succeeded(last) ? tools : { failed: last };
}
