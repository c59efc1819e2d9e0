import type { Authorizer } from '../../../src/mcp/auth/authorizer.ts';
import type { Exchange } from '../../../src/mcp/http/exchange.ts';
import type { TargetConnection } from '../../../src/mcp/http/target-connection.ts';
import type { FoundRevision } from '../../../src/mcp/session/find-revision.ts';
import { MODERN_REVISION } from '../../../src/mcp/session/handshakes.ts';
import type { Session } from '../../../src/mcp/session/session.ts';
import { targetSchema } from '../../../src/plan/target-schema.ts';
import { openTargetClient, type TargetClient } from '../../../src/run/target-client.ts';
import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import { testContext } from '../../support/run-context.ts';

export const caller = { vu: 3, iteration: 7 } as const;

/** A client of one target, and a line for each of its samples: `operation outcome`, and `retry` where it was one. */
export type SessionRig = {
  readonly client: TargetClient;
  readonly connection: TargetConnection;
  readonly authorizer: Authorizer;
  /** Access tokens that were added to the client's redactor, oldest first. */
  readonly issuedTokens: readonly string[];
  readonly exchanges: readonly Exchange[];
  findRevision(): Promise<FoundRevision>;
  /** Opens a session of the first era, or of the stateless one. */
  openSession(era?: 'legacy' | 'modern'): Session;
  samples(): string[];
};

/** Makes a client as a slice does. @param secrets by the names that the target uses */
export async function openSessionRig(
  input: Record<string, unknown>,
  secrets: Readonly<Record<string, string>> = {},
): Promise<SessionRig> {
  const operations: string[] = [];
  const exchanges: Exchange[] = [];
  const issuedTokens: string[] = [];
  const context = testContext({
    secrets: { get: async (name) => secrets[name] ?? Promise.reject(new Error(`no secret ${name}`)) },
  });
  const client = await openTargetClient(context, {
    name: 'target',
    target: targetSchema.parse(input),
    purpose: 'load',
    onExchange: (exchange) => exchanges.push(exchange),
    operation: (name: string) => operations.push(name) - 1,
    redactor: { add: (token) => issuedTokens.push(token) },
  });
  const modern = { protocolVersion: MODERN_REVISION, server: '', capabilities: ['tools'] };
  return {
    client,
    connection: client.connection,
    authorizer: client.authorizer,
    issuedTokens,
    exchanges,
    findRevision: () => client.findRevision(),
    openSession: (era = 'legacy') => client.openSession(client.ended, era === 'modern' ? modern : undefined),
    samples: () =>
      exchanges.map(({ sample: { operation, outcome, flags } }) => {
        const retry = flags & SAMPLE_FLAG.retry ? ' retry' : '';
        return `${operations[operation]} ${outcome}${retry}`;
      }),
  };
}
