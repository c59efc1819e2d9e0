import { headerOf } from './header.ts';
import { type Judgement, USEFUL } from './judgement.ts';

/** What can stand in a header again; the protocol allows even less (MCP 2025-03-26, "Session Management"). */
const SENDABLE = /^[ -~]*$/;

/**
 * Judges the session id that came with the answer to initialize: some servers send the header twice, and one with
 * characters beyond ASCII could not be sent back.
 */
export function judgeSessionId(headers: Readonly<Record<string, string | string[] | undefined>>): Judgement {
  const ids = headers['mcp-session-id'];
  if (!SENDABLE.test(headerOf(headers, 'mcp-session-id'))) {
    return { outcome: 'PROTO_SHAPE', message: 'mcp-session-id holds characters beyond visible ASCII' };
  }
  if (!Array.isArray(ids) || ids.length < 2) return USEFUL;
  const distinct = new Set(ids);
  if (distinct.size === 1) return { outcome: 'SESS_DUP', message: `mcp-session-id came ${ids.length} times` };
  return { outcome: 'SESS_AMBIGUOUS', message: `${distinct.size} different values of mcp-session-id` };
}
