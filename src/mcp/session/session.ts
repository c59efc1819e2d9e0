import type { Target } from '../../plan/target-schema.ts';
import type { OperationKind } from '../../sample/block.ts';
import { isAnswer } from '../../sample/outcome.ts';
import type { Clock } from '../../traffic/clock.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { Exchange } from '../http/exchange.ts';
import type { TargetConnection } from '../http/target-connection.ts';
import type { Call } from '../operations/call.ts';
import { namedTool, readTools, type Tool } from '../operations/tool.ts';
import type { FirstServer, OnDeviation } from './first-server.ts';
import type { ExtraRequests } from './server-requests.ts';

/** One MCP session, of either era of the protocol. A failure of the target does not throw: it is a sample. */
export type Session = {
  /** True for revision 2026-07-28. */
  readonly stateless: boolean;
  /** Opens the session and lists the tools. When a step fails, the session cannot be used. */
  open(caller: Caller): Promise<Opened | NotOpened>;
  /**
   * How long its opening waited in vain for the headers of its event stream, milliseconds. No client has to wait for them,
   * so this is not part of an iteration.
   */
  readonly waitedMs: number;
  /** False before the session is open, and once its server has ended it or no token is available for it. */
  readonly alive: boolean;
  /**
   * Sends a call and the requests that the protocol adds: a repetition with a new token or with requested input, the
   * polling of a task. Each request is a sample. The call's own is returned; it runs until the call's result, and has that
   * result's outcome.
   */
  request(call: Call, caller: Caller): Promise<Exchange>;
  /**
   * Tells the server that the session is over. Does nothing when the server keeps no session.
   * @param withinMs what this may take in all, milliseconds; without it, the plan's timeouts count
   */
  close(caller: Caller, withinMs?: number): Promise<void>;
  /** Drops the session without telling the server, as a client that crashes does. Requests in flight go on. */
  abandon(): void;
};

/**
 * What the farewells of a session may take in all, milliseconds: cancellations and DELETE at the end of the load and of a
 * preflight. No agent is kept waiting by them, so neither is the end of a run.
 */
export const FAREWELL_MS = 2000;

/** What all sessions with one target share, in one process. */
export type SessionOptions = {
  readonly target: Target;
  readonly connection: TargetConnection;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly tools: ToolIndex;
  readonly extraRequests: ExtraRequests;
  /** Identifies mcp-surge to the target's owner. */
  readonly userAgent: string;
  /** The number of an operation in the recorder. */
  readonly operation: (name: string, kind: OperationKind) => number;
  /** Takes what the target does against the specification. */
  readonly onDeviation?: OnDeviation;
  /** What all sessions have seen of the server; absent where nobody compares. */
  readonly firstServer?: FirstServer;
  /** Called when the target refuses credentials that were renewed because it had refused the previous ones. */
  readonly onRejected: (message: string) => void;
  /** Aborted after onRejected. */
  readonly rejected: AbortSignal;
  /**
   * Aborted when the load is over and nothing may be waited for any longer. From then on a session sends no call, only
   * what closes it, and waits between two requests (such as polls of a task) end immediately.
   */
  readonly ended: AbortSignal;
  /** What closing a session may take that could not be opened, milliseconds; undefined for the plan's timeouts. */
  readonly closeWithinMs?: number | undefined;
};

/** Whom a request is made for: its sample carries these numbers and flags. */
export type Caller = {
  readonly vu: number;
  readonly iteration: number;
  /** True when the same call was sent before and failed because its session was lost. */
  readonly retry?: boolean;
  /** When the iteration was to start; undefined where virtual users set the pace. */
  readonly intended?: IntendedStart;
  /** Bits of SAMPLE_FLAG that mark a call; its first request carries them. */
  readonly callFlags?: number;
};

/** Caller for a follow-up request. Call flags and the intended start stay on the first request. */
export function followUp({ vu, iteration, retry }: Caller): Caller {
  return { vu, iteration, ...(retry === undefined ? {} : { retry }) };
}

/**
 * When an iteration was to start. The first request of the iteration takes it, so that the lag from then to the actual
 * start counts once. Later requests, retries included, have no intended start.
 */
export class IntendedStart {
  #atMs: number | undefined;

  /** @param atMs epoch milliseconds */
  constructor(atMs: number) {
    this.#atMs = atMs;
  }

  /** Moves it by a pause that the plan has before the first request, milliseconds. */
  delay(ms: number): void {
    if (this.#atMs !== undefined) this.#atMs += ms;
  }

  /** Epoch milliseconds; undefined after the first time. */
  take(): number | undefined {
    const atMs = this.#atMs;
    this.#atMs = undefined;
    return atMs;
  }
}

export type Opened = {
  readonly facts: ServerFacts;
  readonly tools: readonly Tool[];
  /** Names of the server's capabilities: `tools`, `resources`, `prompts`, `completions` … */
  readonly capabilities: readonly string[];
};

/** What a server says about itself when a session opens. */
type ServerFacts = {
  readonly protocolVersion: string;
  readonly server: string;
  readonly session: 'stateful' | 'stateless';
};

/** The request that failed while the session was being opened. */
export type NotOpened = { readonly failed: Exchange };

type ToolIndexOptions = {
  /** Called when a session has listed other tools than the one before, and before it calls any. */
  readonly onChange?: (tools: readonly Tool[]) => void;
  /** Names of the tools that the plan calls; without them all tools are read. */
  readonly called?: ReadonlySet<string>;
  /** Keeps also the names of tools that the plan does not call. */
  readonly keepsNames?: boolean;
};

/**
 * The tools of a server by name, as a session listed them. Sessions that listed the same tools share one map. A server may
 * list thousands of tools with long descriptions, so only what the plan needs is kept.
 */
export class ToolIndex {
  readonly #options: ToolIndexOptions;
  #tools: readonly Tool[] = [];
  #byName: ReadonlyMap<string, Tool> = new Map();

  constructor(options: ToolIndexOptions = {}) {
    this.#options = options;
  }

  /** True if the plan is known to call tools of the server. */
  get isCalled(): boolean {
    return (this.#options.called?.size ?? 0) > 0;
  }

  /** Reads the items of a page that was judged before. */
  read(items: readonly Readonly<Record<string, unknown>>[]): readonly Tool[] {
    const { called, keepsNames = false } = this.#options;
    if (called === undefined) return readTools(items);
    const isCalled = ({ name }: Readonly<Record<string, unknown>>) => called.has(name as string);
    if (!keepsNames) return readTools(items.filter(isCalled));
    return items.flatMap((item) => (isCalled(item) ? readTools([item]) : [namedTool(item.name as string)]));
  }

  of(tools: readonly Tool[]): ReadonlyMap<string, Tool> {
    const same = tools.length === this.#tools.length && tools.every((tool, at) => tool === this.#tools[at]);
    if (!same) {
      this.#tools = tools;
      this.#byName = new Map(tools.map((tool) => [tool.name, tool]));
      this.#options.onChange?.(tools);
    }
    return this.#byName;
  }
}

/** The client's name and version as the protocol wants them, from a user agent `name/version`. */
export function clientInfoOf(userAgent: string): { readonly name: string; readonly version: string } {
  const [name = '', version = ''] = userAgent.split(/[/ ]/);
  return { name, version };
}

/** True when the caller got its answer, even if the server broke a rule (a warning). */
export function succeeded({ outcome }: Exchange): boolean {
  return isAnswer(outcome);
}
