import type { Dispatcher } from 'undici';
import { TokenSources } from '../mcp/auth/token-sources.ts';
import { guardedDispatcher } from '../mcp/connection/guarded-dispatcher.ts';
import type { Policy } from '../plan/policy.ts';

/** How a process gets its tokens: one source for each, over connections that lead to allowed addresses only. */
export type TokenAccess = { readonly sources: TokenSources; readonly dispatcher: Dispatcher };

const CONNECT_TIMEOUT_MS = 5000;

/** Makes the access of one process; its connections close with the process. */
export function openTokenAccess(policy: Policy): TokenAccess {
  return { sources: new TokenSources(), dispatcher: guardedDispatcher(policy, { timeoutMs: CONNECT_TIMEOUT_MS }) };
}
