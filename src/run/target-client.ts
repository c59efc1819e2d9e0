import type { Authorizer } from '../mcp/auth/authorizer.ts';
import { openAuthorizer } from '../mcp/auth/open-authorizer.ts';
import { TargetConnection } from '../mcp/connection/target-connection.ts';
import type { Exchange } from '../mcp/exchange/exchange.ts';
import { LegacySession } from '../mcp/session/legacy-session.ts';
import type { Session } from '../mcp/session/session.ts';
import type { Target } from '../plan/target-schema.ts';
import type { RunContext } from './run-context.ts';
import { version } from './version.ts';

/** All that one process uses to speak to one target. */
export type TargetClient = {
  readonly name: string;
  readonly connection: TargetConnection;
  readonly authorizer: Authorizer;
  readonly openSession: () => Session;
};

export type TargetClientOptions = {
  readonly name: string;
  readonly target: Target;
  /** Stands in the User-Agent, so that a target's owner can tell preflight from load. */
  readonly purpose: 'preflight' | 'load';
  readonly onExchange: (exchange: Exchange) => void;
  /** Number of an operation's samples. */
  readonly operation: (name: string) => number;
};

/** Fetches the target's secrets and makes its client. @throws when a secret is missing */
export async function openTargetClient(context: RunContext, options: TargetClientOptions): Promise<TargetClient> {
  const { name, target, purpose, onExchange, operation } = options;
  const { clock, secrets, identityClientId } = context;
  const authorizer = await openAuthorizer(target.auth, { secrets, now: clock.now, identityClientId });
  const connection = new TargetConnection(target, { now: clock.now, onExchange });
  const { protocolVersion, headers } = target;
  const session = {
    connection,
    authorizer,
    protocolVersion,
    headers,
    operation,
    userAgent: `mcp-surge/${version} (${purpose})`,
  };
  return { name, connection, authorizer, openSession: () => new LegacySession(session) };
}
