import type { Authorizer } from '../mcp/auth/authorizer.ts';
import { openAuthorizer } from '../mcp/auth/open-authorizer.ts';
import type { Exchange } from '../mcp/http/exchange.ts';
import { TargetConnection } from '../mcp/http/target-connection.ts';
import type { Tool } from '../mcp/operations/tool.ts';
import { type FoundRevision, findRevision } from '../mcp/session/find-revision.ts';
import { FirstServer, type OnDeviation } from '../mcp/session/first-server.ts';
import { type Discovery, MODERN_REVISION } from '../mcp/session/handshakes.ts';
import { LegacySession } from '../mcp/session/legacy-session.ts';
import { ModernSession } from '../mcp/session/modern-session.ts';
import { ExtraRequests } from '../mcp/session/server-requests.ts';
import { FAREWELL_MS, type Session, type SessionOptions, ToolIndex } from '../mcp/session/session.ts';
import { excerpt } from '../plan/bounded-text.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { addressProblem, secretAddressProblem } from '../plan/policy.ts';
import { shortened } from '../plan/problem.ts';
import type { Target } from '../plan/target-schema.ts';
import type { Recorder } from '../sample/recorder.ts';
import type { Redactor } from '../secrets/redact.ts';
import { type LoadGate, OPEN_GATE } from '../traffic/fence.ts';
import { calledTools, refusalOfTools } from './check-steps.ts';
import { type RunContext, version } from './run-context.ts';

/** What preflight found a target to be. */
type FoundTarget = { readonly protocolVersion: string } & Discovery;

type TargetClientOptions = {
  readonly name: string;
  readonly target: Target;
  /** Part of the User-Agent, so that a target's owner can tell preflight from load. */
  readonly purpose: 'preflight' | 'load';
  readonly onExchange: (exchange: Exchange) => void;
  /** Number of an operation's samples. */
  readonly operation: SessionOptions['operation'];
  /** Is fed with the access tokens that the target's authorization server issues. */
  readonly redactor: Pick<Redactor, 'add' | 'redact'>;
  /** Names of the tools that the plan calls; without them the descriptions of all tools are kept. */
  readonly calledTools?: ReadonlySet<string>;
  /** Why the target must get no load, by the tools that it has listed; undefined if it may. */
  readonly refusalOfTools?: (tools: readonly Tool[]) => string | undefined;
  /** Takes what the target does against the specification; without it, nothing is counted. */
  readonly onDeviation?: OnDeviation;
  /** Undefined before preflight. */
  readonly found?: FoundTarget | undefined;
  /** Decides whether requests may still be sent. */
  readonly gate?: LoadGate;
};

/** What a target said when it refused the credentials. */
const MAX_REASON_CHARACTERS = 300;

const PROBE_CALLER = { vu: 0, iteration: 0 } as const;

/** Fetches a target's secrets and makes its client. @throws when a secret is missing */
export async function openTargetClient(context: RunContext, options: TargetClientOptions): Promise<TargetClient> {
  const { clock, secrets, policy, tokens } = context;
  const { auth, url } = options.target;
  const authorizer = await openAuthorizer(auth, {
    secrets,
    redactor: options.redactor,
    now: clock.now,
    entraIdentity: policy.entraIdentity,
    targetUrl: url,
    sources: tokens.sources,
    dispatcher: tokens.dispatcher,
    problemOfAddress: (address) => addressProblem(address, policy),
    problemOfSecret: (secret, address) => secretAddressProblem(secret, address, policy),
  });
  return new TargetClient(context, options, authorizer);
}

/** All that one process uses to speak to one target. */
export class TargetClient {
  readonly name: string;
  readonly connection: TargetConnection;
  readonly authorizer: Authorizer;
  readonly #sessionOptions: SessionOptions;
  readonly #found: FoundTarget | undefined;
  readonly #rejected = new AbortController();
  readonly #ended = new AbortController();
  #hasListed = false;
  #stopped: { readonly atMs: number; readonly reason: string } | undefined;
  #completed = 0;

  constructor(context: RunContext, options: TargetClientOptions, authorizer: Authorizer) {
    const {
      name,
      target,
      purpose,
      onExchange,
      operation,
      found,
      redactor,
      onDeviation,
      calledTools,
      refusalOfTools,
      gate = OPEN_GATE,
    } = options;
    const { clock, policy, replyMemory: memory } = context;
    this.name = name;
    this.authorizer = authorizer;
    const onComplete = (exchange: Exchange) => {
      this.#completed++;
      onExchange(exchange);
    };
    const now = clock.now;
    this.connection = new TargetConnection(target, { now, onExchange: onComplete, gate, memory, addresses: policy });
    this.#found = found;
    this.#sessionOptions = {
      target,
      connection: this.connection,
      authorizer,
      clock,
      tools: new ToolIndex({
        ...(calledTools === undefined ? {} : { called: calledTools }),
        keepsNames: purpose === 'preflight',
        onChange: (tools) => {
          const refusal = refusalOfTools?.(tools);
          if (refusal !== undefined) this.#refuse(refusal);
          this.#noteTools(tools, options);
        },
      }),
      ...(onDeviation === undefined ? {} : { onDeviation, firstServer: new FirstServer() }),
      extraRequests: new ExtraRequests(policy.maxRate, clock),
      userAgent: `mcp-surge/${version} (${purpose})`,
      operation: numberOnce(operation),
      rejected: this.#rejected.signal,
      ended: this.#ended.signal,
      closeWithinMs: purpose === 'preflight' ? FAREWELL_MS : undefined,
      onRejected: (message) => {
        this.#stopped ??= {
          atMs: clock.now(),
          reason: `AUTH_REJECTED: ${shortened(redactor.redact(message), MAX_REASON_CHARACTERS)}`,
        };
        this.#rejected.abort();
      },
    };
  }

  /** Called when a session has listed other tools than the one before. */
  #noteTools(tools: readonly Tool[], { onDeviation, operation }: TargetClientOptions): void {
    const names = tools.map(({ name }) => name).join(', ');
    if (this.#hasListed)
      onDeviation?.('tools-differ-between-clients', operation('tools/list', 'protocol'), excerpt(names, 200));
    this.#hasListed = true;
  }

  /** Ends the load before a call that the plan is not allowed to make. */
  #refuse(reason: string): void {
    this.#stopped ??= { atMs: this.#sessionOptions.clock.now(), reason };
    this.#rejected.abort();
    this.endLoad('the plan is not allowed to call a tool of the target');
  }

  /** Requests that have become samples, and those that will. */
  get requests(): number {
    return this.#completed + this.connection.open;
  }

  /** Aborted once the target has refused renewed credentials, or must not be called: it gets no further load. */
  get rejected(): AbortSignal {
    return this.#rejected.signal;
  }

  /** Aborted once the load on the target is over and nobody may wait for anything any more. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** When (epoch milliseconds) and why the load on the target ended early; undefined while it has not. */
  get stopped(): { readonly atMs: number; readonly reason: string } | undefined {
    return this.#stopped;
  }

  /** Requests of the target that got no answer, because there were too many. */
  get refusedRequests(): number {
    return this.#sessionOptions.extraRequests.refused;
  }

  /** Finds out which era the target speaks. */
  findRevision(): Promise<FoundRevision> {
    const options = this.#sessionOptions;
    return findRevision(options.target.protocol, (patienceMs) =>
      new ModernSession(options).discover(PROBE_CALLER, patienceMs),
    );
  }

  /**
   * Makes a session of the era that the target speaks.
   * @param ended when it aborts, the session sends no further call and waits for nothing
   */
  openSession(ended: AbortSignal = this.ended, found: FoundTarget | undefined = this.#found): Session {
    const options = { ...this.#sessionOptions, ended };
    return found?.protocolVersion === MODERN_REVISION ? new ModernSession(options, found) : new LegacySession(options);
  }

  /**
   * Ends the load: aborts the requests in flight. From now on only what sessions send when they close is sent, also by
   * sessions that wait between two requests. Can be called again, to abort what was sent since.
   * @param reason for the messages of the samples
   */
  endLoad(reason: string): void {
    this.#ended.abort();
    this.connection.abortAll(reason, 'CLIENT_ABORT');
  }

  /**
   * Waits for the samples of all requests in flight, but not for long, then closes the connections. What abandoned sessions
   * have left in flight is cut like a farewell.
   * @throws as TargetConnection.close
   */
  async close(): Promise<void> {
    const { clock } = this.#sessionOptions;
    this.authorizer.close();
    const closed = new AbortController();
    const cut = clock.sleepUntil(clock.now() + FAREWELL_MS, closed.signal).then(() => {
      if (!closed.signal.aborted) this.connection.abortAll('nothing is waited for after the load', 'CLIENT_ABORT');
    });
    try {
      await this.connection.close();
    } finally {
      closed.abort();
      await cut;
    }
  }
}

/** Asks for the number of each operation once. */
function numberOnce(operation: SessionOptions['operation']): SessionOptions['operation'] {
  const numbers = { step: new Map<string, number>(), protocol: new Map<string, number>() };
  return (name, kind) => {
    const known = numbers[kind].get(name);
    if (known !== undefined) return known;
    const number = operation(name, kind);
    numbers[kind].set(name, number);
    return number;
  };
}

/** The clients of a slice's targets, by target name. */
export type SliceClients = ReadonlyMap<string, TargetClient>;

type SliceClientsOptions = {
  readonly plan: Plan;
  /** Names of the targets to open a client for. */
  readonly targets: Iterable<string>;
  /** What preflight found the targets to be. */
  readonly found: readonly ({ readonly name: string } & FoundTarget)[];
  readonly recorder: Recorder;
  readonly redactor: Pick<Redactor, 'add' | 'redact'>;
  readonly gate: LoadGate;
};

/**
 * Makes the clients of a slice. Each of their exchanges becomes a sample. Tokens are fetched here, so that no request of
 * the load waits for one.
 * @throws when a secret is missing
 */
export async function openSliceClients(context: RunContext, options: SliceClientsOptions): Promise<SliceClients> {
  const { plan, targets, found, recorder, redactor, gate } = options;
  const clients = await Promise.all(
    Array.from(new Set(targets), (name) =>
      openTargetClient(context, {
        name,
        target: plan.targets[name] as Target,
        purpose: 'load',
        onExchange: (exchange) => recorder.add(exchange.sample),
        operation: (operation, kind) => recorder.operation(name, operation, kind),
        onDeviation: (rule, operation, example) =>
          recorder.addDeviation(name, rule, operation, context.clock.now(), example),
        redactor,
        calledTools: calledTools(plan, name),
        refusalOfTools: (tools) => refusalOfTools(plan, name, tools),
        gate,
        found: found.find((target) => target.name === name),
      }),
    ),
  );
  await Promise.all(clients.map(({ authorizer }) => authorizer.prepare()));
  return new Map(clients.map((client) => [client.name, client]));
}

/** Ends the load on all targets; requests that begin later are aborted as well, except those that close a session. */
export function abortClients(clients: SliceClients, reason: string): void {
  for (const client of clients.values()) client.endLoad(reason);
}

/** Requests of all clients that have become samples, and those that will. */
export function requestsOf(clients: SliceClients): number {
  return Array.from(clients.values(), ({ requests }) => requests).reduce((sum, requests) => sum + requests, 0);
}

/** Waits for the samples of all requests in flight and closes all connections. */
export async function closeClients(clients: SliceClients): Promise<void> {
  await Promise.all(Array.from(clients.values(), (client) => client.close()));
}
