import type { Exchange } from '../../src/mcp/http/exchange.ts';
import type { Call } from '../../src/mcp/operations/call.ts';
import { MODERN_REVISION } from '../../src/mcp/session/handshakes.ts';
import type { Opened, Session } from '../../src/mcp/session/session.ts';
import { caller, openSessionRig, type SessionRig } from '../mcp/session/session-rig.ts';

/** A session with a target whose era was found out first, as preflight does it. */
export type FoundSession = Opened & {
  readonly rig: SessionRig;
  readonly era: 'legacy' | 'modern';
  readonly session: Session;
  request(call: Call): Promise<Exchange>;
  /** Ends the session and its connections; all its samples are there then. */
  close(): Promise<void>;
};

/**
 * Finds out the era of a target and opens a session.
 * @param target as in a plan
 * @throws with the target's answer when that fails
 */
export async function openFoundSession(target: Record<string, unknown>): Promise<FoundSession> {
  const rig = await openSessionRig({ timeouts: { total: '20s' }, ...target });
  const found = await rig.findRevision();
  if (found.era === 'unknown') throw new Error(`${found.outcome}: ${found.message}`);
  const discovery = found.era === 'modern' ? { protocolVersion: MODERN_REVISION, ...found.discovery } : undefined;
  const session = rig.client.openSession(rig.client.ended, discovery);
  const opened = await session.open(caller);
  if ('failed' in opened) throw new Error(`${opened.failed.outcome}: ${opened.failed.message}`);
  return {
    ...opened,
    rig,
    era: found.era,
    session,
    request: (call) => session.request(call, caller),
    close: async () => {
      await session.close(caller);
      await rig.connection.close();
    },
  };
}
