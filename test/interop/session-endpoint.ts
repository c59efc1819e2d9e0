import { randomUUID } from 'node:crypto';
import type { Endpoint } from './start-counted-server.ts';

/** What the transports of both generations of the SDK take to keep sessions. */
export type SessionHooks = {
  readonly sessionIdGenerator: () => string;
  readonly onsessioninitialized: (id: string) => void;
  readonly onsessionclosed: (id: string) => void;
};

type SessionTransport = { readonly handleRequest: Endpoint };

/**
 * Keeps a transport for each session.
 * @param open makes a transport with a server of its own behind it
 */
export function sessionEndpoint(open: (hooks: SessionHooks) => Promise<SessionTransport>): Endpoint {
  const sessions = new Map<string, SessionTransport>();
  return async (request, response, body) => {
    const known = sessions.get(String(request.headers['mcp-session-id']));
    if (known !== undefined) return known.handleRequest(request, response, body);
    const transport = await open({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await transport.handleRequest(request, response, body);
  };
}
