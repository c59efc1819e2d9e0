import type { Authorizer } from '../mcp/auth/authorizer.ts';
import { openAuthorizer } from '../mcp/auth/open-authorizer.ts';
import type { Exchange } from '../mcp/http/exchange.ts';
import { TargetConnection } from '../mcp/http/target-connection.ts';
import { type FoundRevision, findRevision } from '../mcp/session/find-revision.ts';
import { type Discovery, MODERN_REVISION } from '../mcp/session/handshakes.ts';
import { LegacySession } from '../mcp/session/legacy-session.ts';
import { ModernSession } from '../mcp/session/modern-session.ts';
import { type Session, type SessionOptions, ToolIndex } from '../mcp/session/session.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { addressProblem } from '../plan/policy.ts';
import type { ScenarioSegment } from '../plan/slices.ts';
import type { Target } from '../plan/target-schema.ts';
import type { Recorder } from '../sample/recorder.ts';
import { type RunContext, version } from './run-context.ts';

export type TargetClientOptions = {
  readonly name: string;
  readonly target: Target;
  /** Stands in the User-Agent, so that a target's owner can tell preflight from load. */
  readonly purpose: 'preflight' | 'load';
  readonly onExchange: (exchange: Exchange) => void;
  /** Number of an operation's samples. */
  readonly operation: (name: string) => number;
  /** What preflight found the target to be; undefined before. */
  readonly found?: { readonly protocolVersion: string } & Discovery;
};

const PROBE = { vu: 0, iteration: 0 } as const;

/** All that one process uses to speak to one target. */
export class TargetClient {
  readonly name: string;
  readonly connection: TargetConnection;
  readonly authorizer: Authorizer;
  readonly #options: SessionOptions;
  readonly #found: TargetClientOptions['found'];
  readonly #rejected = new AbortController();
  readonly #ended = new AbortController();
  /** When, epoch, and why the load on the target ended before its time; undefined as long as it has not. */
  stopped: { readonly atMs: number; readonly reason: string } | undefined;

  constructor(context: RunContext, options: TargetClientOptions, authorizer: Authorizer) {
    const { name, target, purpose, onExchange, operation, found } = options;
    const { clock, policy } = context;
    this.name = name;
    this.authorizer = authorizer;
    this.connection = new TargetConnection(target, { now: clock.now, onExchange, addresses: policy });
    this.#found = found;
    this.#options = {
      target,
      connection: this.connection,
      authorizer,
      clock,
      tools: new ToolIndex(),
      userAgent: `mcp-surge/${version} (${purpose})`,
      operation: numbered(operation),
      rejected: this.#rejected.signal,
      ended: this.#ended.signal,
      onRejected: (message) => {
        this.stopped ??= { atMs: clock.now(), reason: `AUTH_REJECTED: ${message}` };
        this.#rejected.abort();
      },
    };
  }

  /** Aborted once the target has refused credentials that were made anew: it gets no further load. */
  get rejected(): AbortSignal {
    return this.#rejected.signal;
  }

  /**
   * Ends the load: aborts what is under way, and from now on only what sessions say at their end is sent, also by those
   * that wait between two requests. May be called again, to abort what was sent since.
   * @param reason for the messages of the samples
   */
  endLoad(reason: string): void {
    this.#ended.abort();
    this.connection.abortAll(reason);
  }

  /** Finds out which era the target speaks. */
  findRevision(): Promise<FoundRevision> {
    return findRevision(this.#options.target.protocol, () => new ModernSession(this.#options).discover(PROBE));
  }

  /** Aborted once the load on the target is over and nobody may wait for anything any more. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /**
   * Makes a session of the era that the target speaks.
   * @param ended when it aborts, the session sends no further call and waits for nothing
   */
  openSession(found: TargetClientOptions['found'] = this.#found, ended: AbortSignal = this.ended): Session {
    const options = { ...this.#options, ended };
    return found?.protocolVersion === MODERN_REVISION ? new ModernSession(options, found) : new LegacySession(options);
  }
}

/** Fetches the target's secrets and makes its client. @throws when a secret is missing */
export async function openTargetClient(context: RunContext, options: TargetClientOptions): Promise<TargetClient> {
  const { clock, secrets, identityClientId, policy, tokens } = context;
  const { auth, url } = options.target;
  const authorizer = await openAuthorizer(auth, {
    secrets,
    now: clock.now,
    identityClientId,
    targetUrl: url,
    sources: tokens.sources,
    dispatcher: tokens.dispatcher,
    problemOfAddress: (address) => addressProblem(address, policy),
  });
  return new TargetClient(context, options, authorizer);
}

/** Asks for the number of each operation once. */
function numbered(operation: (name: string) => number): (name: string) => number {
  const numbers = new Map<string, number>();
  return (name) => {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    const number = operation(name);
    numbers.set(name, number);
    return number;
  };
}

/** The clients of the targets that some shares of a slice aim at, by target name. */
export type SliceClients = ReadonlyMap<string, TargetClient>;

/**
 * Makes the clients, their tokens at hand; each of their exchanges becomes a sample.
 * @param found what preflight found the targets to be
 * @throws when a secret is missing
 */
export async function openSliceClients(
  context: RunContext,
  plan: Plan,
  shares: readonly ScenarioSegment[],
  recorder: Recorder,
  found: readonly (NonNullable<TargetClientOptions['found']> & { readonly name: string })[],
): Promise<SliceClients> {
  const names = [...new Set(shares.map(({ scenario }) => scenario.target))];
  const clients = await Promise.all(
    names.map((name) => {
      const known = found.find((target) => target.name === name);
      return openTargetClient(context, {
        name,
        target: plan.targets[name] as Target,
        purpose: 'load',
        onExchange: (exchange) => recorder.add(exchange.sample),
        operation: (operation) => recorder.operation(name, operation),
        ...(known === undefined ? {} : { found: known }),
      });
    }),
  );
  // Ahead of the load: no request is to wait for a token.
  await Promise.all(clients.map(({ authorizer }) => authorizer.prepare()));
  return new Map(clients.map((client) => [client.name, client]));
}

/** Access tokens that must be redacted from messages now. */
export function issuedTokens(clients: SliceClients): readonly string[] {
  return [...clients.values()].flatMap(({ authorizer }) => authorizer.secretValues);
}

/** Ends the load on all targets; what begins after it, but for a session's goodbye, is aborted at once. */
export function abortClients(clients: SliceClients, reason: string): void {
  for (const client of clients.values()) client.endLoad(reason);
}

/** Waits for the samples of all requests under way and closes all connections. */
export async function closeClients(clients: SliceClients): Promise<void> {
  await Promise.all([...clients.values()].map(({ connection }) => connection.close()));
}
