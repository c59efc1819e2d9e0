import { listItems } from '../operations/list-items.ts';
import type { Tool } from '../operations/tool.ts';
import { readTools } from '../operations/tool-catalog.ts';
import { listPages } from './lists.ts';
import type { Caller, NotOpened, Session } from './session.ts';
import { succeeded } from './succeeded.ts';

const FIRST_PAGE = listItems('tools');

/** Lists a server's tools, or returns the request that failed. */
export async function listTools(
  session: Pick<Session, 'request'>,
  caller: Caller,
): Promise<readonly Tool[] | NotOpened> {
  const tools: Tool[] = [];
  const last = await listPages(session, FIRST_PAGE, caller, (items) => tools.push(...readTools(items)));
  return succeeded(last) ? tools : { failed: last };
}
