import { type Authorizer, fixedAuthorizer } from '../../src/mcp/auth/authorizer.ts';
import type { Exchange } from '../../src/mcp/http/exchange.ts';
import { TargetConnection } from '../../src/mcp/http/target-connection.ts';
import { LegacySession } from '../../src/mcp/session/legacy-session.ts';
import { ModernSession } from '../../src/mcp/session/modern-session.ts';
import { type SessionOptions, ToolIndex } from '../../src/mcp/session/session.ts';
import { targetSchema } from '../../src/plan/target-schema.ts';
import { SAMPLE_FLAG } from '../../src/sample/block.ts';
import { type Clock, systemClock } from '../../src/traffic/clock.ts';
import { type Answer, legacyServer, type McpServer, modernServer, startMcpServer } from './mcp-server.ts';

export const CALLER = { vu: 3, iteration: 7 } as const;

/** What sessions are made of, and what became of their requests. */
export type BareSession = {
  readonly server: McpServer;
  readonly legacy: () => LegacySession;
  readonly modern: () => ModernSession;
  readonly options: SessionOptions;
  readonly connection: TargetConnection;
  readonly exchanges: readonly Exchange[];
  /** A line for each sample in the order of their ends: operation, outcome, flags beside that of a stream. */
  samples(): string[];
  /** Messages of onRejected. */
  readonly rejections: readonly string[];
  /** Ends what sessions wait for. */
  readonly ended: AbortController;
};

type Changes = {
  /** Of the target, beside its url. */
  readonly target?: Readonly<Record<string, unknown>>;
  readonly authorizer?: Authorizer;
  readonly clock?: Clock;
};

/** Starts a server that answers as a usual one but for some methods, hands it to the test, and closes it. */
export async function withServer(
  answers: Readonly<Record<string, Answer>>,
  changes: Changes,
  check: (bare: BareSession) => Promise<void>,
): Promise<void> {
  const server = await startMcpServer(legacyServer, modernServer, answers);
  const operations: string[] = [];
  const exchanges: Exchange[] = [];
  const rejections: string[] = [];
  const rejected = new AbortController();
  const ended = new AbortController();
  const target = targetSchema.parse({ url: `${server.origin}/mcp`, ...changes.target });
  const connection = new TargetConnection(target, {
    now: systemClock.now,
    addresses: { allowLoopback: true, allowedAddresses: [] },
    onExchange: (exchange) => exchanges.push(exchange),
  });
  const options: SessionOptions = {
    target,
    connection,
    authorizer: changes.authorizer ?? fixedAuthorizer(undefined),
    clock: changes.clock ?? systemClock,
    tools: new ToolIndex(),
    userAgent: 'mcp-surge/1.2.3 (test)',
    operation: (name) => (operations.includes(name) ? operations.indexOf(name) : operations.push(name) - 1),
    onRejected: (message) => {
      rejections.push(message);
      rejected.abort();
    },
    rejected: rejected.signal,
    ended: ended.signal,
  };
  try {
    await check({
      server,
      legacy: () => new LegacySession(options),
      modern: () => new ModernSession(options),
      options,
      connection,
      exchanges,
      samples: () =>
        exchanges.map((exchange) => `${operations[exchange.sample.operation]} ${exchange.outcome}${flags(exchange)}`),
      rejections,
      ended,
    });
    await connection.close();
  } finally {
    connection.abortAll('the test is over');
    await server.close();
  }
}

function flags({ sample: { flags } }: Exchange): string {
  const names = (['retry', 'held', 'resumed'] as const).filter((name) => flags & SAMPLE_FLAG[name]);
  return names.map((name) => ` ${name}`).join('');
}

/** Waits for something that another part of the process brings about. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise<void>((resolve) => setTimeout(resolve, 1));
}
