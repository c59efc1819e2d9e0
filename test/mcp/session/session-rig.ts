import type { Authorizer } from '../../../src/mcp/auth/authorizer.ts';
import { openAuthorizer } from '../../../src/mcp/auth/open-authorizer.ts';
import { TargetConnection } from '../../../src/mcp/connection/target-connection.ts';
import type { Exchange } from '../../../src/mcp/exchange/exchange.ts';
import { LegacySession } from '../../../src/mcp/session/legacy-session.ts';
import { type Target, targetSchema } from '../../../src/plan/target-schema.ts';
import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import { systemClock } from '../../../src/traffic/clock.ts';

export const caller = { vu: 3, iteration: 7 } as const;

/** A client of one target, and a line for each of its samples: `operation outcome`, and `retry` where it was one. */
export type SessionRig = {
  readonly connection: TargetConnection;
  readonly authorizer: Authorizer;
  readonly exchanges: readonly Exchange[];
  readonly openSession: () => LegacySession;
  samples(): string[];
};

/** Makes a client as a slice does. @param secrets by the names that the target uses */
export async function openSessionRig(
  input: Record<string, unknown>,
  secrets: Readonly<Record<string, string>> = {},
): Promise<SessionRig> {
  const target: Target = targetSchema.parse(input);
  const operations: string[] = [];
  const exchanges: Exchange[] = [];
  const authorizer = await openAuthorizer(target.auth, {
    secrets: { get: async (name) => secrets[name] ?? Promise.reject(new Error(`no secret ${name}`)) },
    now: systemClock.now,
    identityClientId: undefined,
  });
  const connection = new TargetConnection(target, {
    now: systemClock.now,
    onExchange: (exchange) => exchanges.push(exchange),
  });
  const options = {
    connection,
    authorizer,
    protocolVersion: target.protocolVersion,
    headers: target.headers,
    operation: (name: string) => (operations.includes(name) ? operations.indexOf(name) : operations.push(name) - 1),
    userAgent: 'mcp-surge/1.2.3 (load)',
  };
  return {
    connection,
    authorizer,
    exchanges,
    openSession: () => new LegacySession(options),
    samples: () =>
      exchanges.map(({ operation, outcome, flags }) => {
        const retry = flags & SAMPLE_FLAG.retry ? ' retry' : '';
        return `${operations[operation]} ${outcome}${retry}`;
      }),
  };
}
