import assert from 'node:assert/strict';
import type { Authorizer } from '../../src/mcp/auth/authorizer.ts';
import type { Exchange } from '../../src/mcp/http/exchange.ts';
import type { TargetConnection } from '../../src/mcp/http/target-connection.ts';
import type { Call } from '../../src/mcp/operations/call.ts';
import { callTool } from '../../src/mcp/operations/call-tool.ts';
import { readResource } from '../../src/mcp/operations/prompts-and-resources.ts';
import { findRevision } from '../../src/mcp/session/find-revision.ts';
import type { Discovery } from '../../src/mcp/session/handshakes.ts';
import { LegacySession } from '../../src/mcp/session/legacy-session.ts';
import { ModernSession } from '../../src/mcp/session/modern-session.ts';
import { ExtraRequests } from '../../src/mcp/session/server-requests.ts';
import { type Opened, type Session, type SessionOptions, ToolIndex } from '../../src/mcp/session/session.ts';
import { targetSchema } from '../../src/plan/target-schema.ts';
import { version } from '../../src/run/run-context.ts';
import { openTargetClient, type TargetClient } from '../../src/run/target-client.ts';
import { type OperationKind, SAMPLE_FLAG } from '../../src/sample/block.ts';
import { type Clock, systemClock } from '../../src/traffic/clock.ts';
import { type Answer, legacyServer, type McpServer, modernServer, startMcpServer } from './mcp-server.ts';
import { testContext } from './run-context.ts';

export const CALLER = { vu: 3, iteration: 7 } as const;

/** A call of a tool. @param progress whether it requests progress */
export function toolCall(name: string, args: object = {}, progress = false): Call {
  return callTool(name, undefined, progress)(JSON.stringify(args));
}

/** A read of a resource, labelled `resource`. */
export function resourceRead(uri: string): Call {
  return readResource('resource')(JSON.stringify(uri));
}

/** What sessions with one target are made of, and the samples of their requests. */
export type SessionRig = {
  readonly client: TargetClient;
  readonly connection: TargetConnection;
  readonly authorizer: Authorizer;
  /** Access tokens that were added to the client's redactor, oldest first. */
  readonly issuedTokens: readonly string[];
  readonly exchanges: readonly Exchange[];
  /** One line per sample, in the order of their ends: operation, outcome, and the flags `retry`, `held`, `resumed`. */
  samples(): string[];
  /** One line per sample, in the order of their ends: the kind of its operation, and the operation. */
  kinds(): string[];
  readonly extraRequests: ExtraRequests;
  /** Messages of onRejected. */
  readonly rejections: readonly string[];
  /** Ends the load for all sessions. */
  readonly ended: AbortController;
  /** Makes a session of the first era. @param ended ends the load for this session; that of the rig by default */
  legacy(ended?: AbortSignal): LegacySession;
  /** Makes a session of the stateless era. */
  modern(discovery?: Discovery): ModernSession;
  /** Waits for all samples, then closes the connections. */
  close(): Promise<void>;
};

/** Where the rig registers its end: the context of a test. */
type Hooks = { after(close: () => Promise<void>): void; readonly passed?: boolean };

type Changes = {
  /** Secrets by the names that the target's `auth` uses. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** In place of the one that the target's `auth` describes. */
  readonly authorizer?: Authorizer;
  readonly clock?: Clock;
  /** Answers and streams that servers can ask for, a second. */
  readonly maxRate?: number;
};

/** How long requests may still be in flight after a test has passed. */
const CLOSE_LIMIT_MS = 10_000;

/**
 * Makes sessions with a target as a slice does. They are closed after the test.
 * @param input the target as in a plan
 */
export async function openSessionRig(t: Hooks, input: object, changes: Changes = {}): Promise<SessionRig> {
  const { secrets = {}, clock = systemClock, maxRate = 1_000_000 } = changes;
  const operations: { readonly name: string; readonly kind: OperationKind }[] = [];
  const exchanges: Exchange[] = [];
  const issuedTokens: string[] = [];
  const rejections: string[] = [];
  const rejected = new AbortController();
  const ended = new AbortController();
  const target = targetSchema.parse(input);
  const operation: SessionOptions['operation'] = (name, kind) => {
    const known = operations.findIndex((each) => each.name === name && each.kind === kind);
    return known === -1 ? operations.push({ name, kind }) - 1 : known;
  };
  const context = testContext({
    secrets: { get: async (name) => secrets[name] ?? Promise.reject(new Error(`no secret ${name}`)) },
  });
  const client = await openTargetClient(context, {
    name: 'target',
    target,
    purpose: 'load',
    onExchange: (exchange) => exchanges.push(exchange),
    operation,
    redactor: { add: (token) => issuedTokens.push(token), redact: (text) => text },
  });
  const { connection } = client;
  const authorizer = changes.authorizer ?? client.authorizer;
  const options: SessionOptions = {
    target,
    connection,
    authorizer,
    clock,
    tools: new ToolIndex(),
    extraRequests: new ExtraRequests(maxRate, clock),
    userAgent: `mcp-surge/${version} (load)`,
    operation,
    onRejected: (message) => {
      rejections.push(message);
      rejected.abort();
    },
    rejected: rejected.signal,
    ended: ended.signal,
  };
  let isClosed = false;
  const close = () => {
    isClosed = true;
    return connection.close();
  };
  t.after(async () => {
    if (isClosed) return;
    if (t.passed !== true) connection.abortAll('the test failed', 'CLIENT_ABORT');
    const stuck = setTimeout(() => connection.abortAll('the test left it in flight', 'CLIENT_ABORT'), CLOSE_LIMIT_MS);
    await close();
    clearTimeout(stuck);
    assert.ok(!exchanges.some(({ message }) => message === 'the test left it in flight'));
  });
  return {
    client,
    connection,
    authorizer,
    issuedTokens,
    exchanges,
    samples: () =>
      exchanges.map(
        ({ sample, outcome }) => `${operations[sample.operation]?.name} ${outcome}${flagsOf(sample.flags)}`,
      ),
    kinds: () =>
      exchanges.map(({ sample }) => `${operations[sample.operation]?.kind} ${operations[sample.operation]?.name}`),
    rejections,
    extraRequests: options.extraRequests,
    ended,
    legacy: (own = ended.signal) => new LegacySession({ ...options, ended: own }),
    modern: (discovery) => new ModernSession(options, discovery),
    close,
  };
}

function flagsOf(flags: number): string {
  const names = (['retry', 'held', 'resumed'] as const).filter((name) => flags & SAMPLE_FLAG[name]);
  return names.map((name) => ` ${name}`).join('');
}

/** Sessions with a server that answers as the test says. */
export type ScriptedRig = SessionRig & { readonly server: McpServer };

/**
 * Starts a server and makes sessions with it. Both are closed after the test.
 * @param answers replace the usual answers, by method
 */
export async function startSession(
  t: Hooks,
  answers: Readonly<Record<string, Answer>>,
  changes: Changes & { readonly target?: object } = {},
): Promise<ScriptedRig> {
  const server = await startMcpServer(legacyServer, modernServer, answers);
  const rig = await openSessionRig(t, { url: `${server.origin}/mcp`, ...changes.target }, changes);
  t.after(() => server.close());
  return { ...rig, server };
}

/** A session with a target whose era was found out first, as preflight does it. */
export type FoundSession = Opened & {
  readonly rig: SessionRig;
  readonly era: 'legacy' | 'modern';
  readonly session: Session;
  request(call: Call): Promise<Exchange>;
  /** Ends the session and its connections. Afterwards all its samples are there. */
  close(): Promise<void>;
};

/**
 * Finds out the era of a target and opens a session.
 * @param input the target as in a plan
 * @throws with the target's answer when that fails
 */
export async function openFoundSession(t: Hooks, input: Readonly<Record<string, unknown>>): Promise<FoundSession> {
  const rig = await openSessionRig(t, { timeouts: { total: '20s' }, ...input });
  const { protocol } = targetSchema.parse(input);
  const found = await findRevision(protocol, () => rig.modern().discover(CALLER));
  if (found.era === 'unknown') throw new Error(`${found.outcome}: ${found.message}`);
  const session = found.era === 'modern' ? rig.modern(found.discovery) : rig.legacy();
  const opened = await session.open(CALLER);
  if ('failed' in opened) throw new Error(`${opened.failed.outcome}: ${opened.failed.message}`);
  return {
    ...opened,
    rig,
    era: found.era,
    session,
    request: (call) => session.request(call, CALLER),
    close: async () => {
      await session.close(CALLER);
      await rig.close();
    },
  };
}

/** Waits for something that another part of the process does. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise<void>((resolve) => setTimeout(resolve, 1));
}
