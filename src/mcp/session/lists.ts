import { createHash } from 'node:crypto';
import { excerpt } from '../../plan/bounded-text.ts';
import { isAnswer } from '../../sample/outcome.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Judgement, ResultJudge } from '../http/json-rpc.ts';
import type { Call } from '../operations/call.ts';
import { listItems, type Page, pageCall, readPage } from '../operations/list-items.ts';
import type { Tool } from '../operations/tool.ts';
import { type Caller, followUp, type NotOpened, type Session, succeeded, type ToolIndex } from './session.ts';

/** A list with more pages, items or bytes is endless for whoever has to read it. */
const MAX_PAGES = 1000;
const MAX_ITEMS = 100_000;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Requests a list page by page until no cursor follows or a page fails. Each page is a sample; the last one is returned. A
 * page fails too (PROTO_LIST_ENDLESS) when its cursor has come before, or when the list has more than it may.
 * @param first the request for the first page
 */
export async function listPages(
  session: Pick<Session, 'request' | 'stateless'>,
  first: Call,
  caller: Caller,
  onPage: (items: Page['items']) => void,
): Promise<Exchange> {
  const walk = new ListWalk(first.method, session.stateless);
  const firstCall = { ...first, judge: walk.judging(first.judge) };
  let call: Call = firstCall;
  let asking = caller;
  for (;;) {
    const exchange = await session.request(call, asking);
    if (!succeeded(exchange)) return exchange;
    const page = readPage(call.method, exchange.result, session.stateless);
    walk.take(page, exchange.sample.bytes);
    onPage(page.items);
    if (page.nextCursor === undefined) return exchange;
    call = pageCall(firstCall, page.nextCursor);
    asking = followUp(caller);
  }
}

/** How far the pages of a list have been read. */
class ListWalk {
  readonly #method: string;
  readonly #stateless: boolean;
  /** The cursors that came, or what stands for those that are long. */
  readonly #cursors = new Set<string>();
  #pages = 0;
  #items = 0;
  #bytes = 0;

  constructor(method: string, stateless: boolean) {
    this.#method = method;
    this.#stateless = stateless;
  }

  /** Adds to the judge of a page whether the list ends. */
  judging(judge: ResultJudge): ResultJudge {
    return (result, tool) => {
      const judgement = judge(result, tool);
      return isAnswer(judgement.outcome)
        ? (this.#judgeEnd(readPage(this.#method, result, this.#stateless)) ?? judgement)
        : judgement;
    };
  }

  /** Counts a page that was useful. @param bytes of its reply */
  take({ items, nextCursor }: Page, bytes: number): void {
    this.#pages++;
    this.#items += items.length;
    this.#bytes += bytes;
    if (nextCursor !== undefined) this.#cursors.add(keyOf(nextCursor));
  }

  #judgeEnd({ items, nextCursor }: Page): Judgement | undefined {
    if (this.#items + items.length > MAX_ITEMS) return endless(`it has more than ${MAX_ITEMS} items`);
    if (nextCursor === undefined) return undefined;
    if (this.#cursors.has(keyOf(nextCursor))) return endless(`the cursor "${excerpt(nextCursor, 100)}" came before`);
    if (this.#pages + 1 >= MAX_PAGES) return endless(`it has more than ${MAX_PAGES} pages`);
    return this.#bytes > MAX_BYTES ? endless(`it has more than ${MAX_BYTES} bytes`) : undefined;
  }
}

function endless(reason: string): Judgement {
  return { outcome: 'PROTO_LIST_ENDLESS', message: `the list does not end: ${reason}` };
}

/** A short text that stands for a cursor. */
function keyOf(cursor: string): string {
  return cursor.length <= 64 ? cursor : createHash('sha256').update(cursor).digest('base64url');
}

const FIRST_PAGE: Call = { ...listItems('tools'), kind: 'protocol' };

/**
 * Lists a server's tools, as far as the index keeps them, or returns the request that failed. A server that does not
 * declare the capability is asked if the plan calls tools: many have some. If that fails, it has none.
 */
export async function listTools(
  session: Pick<Session, 'request' | 'stateless'>,
  caller: Caller,
  index: ToolIndex,
  isDeclared = true,
): Promise<readonly Tool[] | NotOpened> {
  if (!isDeclared && !index.isCalled) return [];
  const tools: Tool[] = [];
  const last = await listPages(session, FIRST_PAGE, caller, (items) => {
    for (const tool of index.read(items)) tools.push(tool);
  });
  if (succeeded(last)) return tools;
  return isDeclared || !last.outcome.startsWith('RPC_') ? { failed: last } : [];
}
