import type { Target } from '../../plan/target-schema.ts';
import { outcomeClass } from '../../sample/outcome.ts';
import type { Clock } from '../../traffic/clock.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { Exchange } from '../http/exchange.ts';
import type { TargetConnection } from '../http/target-connection.ts';
import type { Call } from '../operations/call.ts';
import type { Tool } from '../operations/tool.ts';

/**
 * When an iteration was to start. The first request that is sent for it takes this with it, so that the time from then to
 * its actual start is counted once; what follows, tries again included, starts when it starts.
 */
export class IntendedStart {
  #atMs: number | undefined;

  /** @param atMs epoch milliseconds */
  constructor(atMs: number) {
    this.#atMs = atMs;
  }

  /** Moves it by a pause that is meant to be before the first request, milliseconds. */
  delay(ms: number): void {
    if (this.#atMs !== undefined) this.#atMs += ms;
  }

  /** Epoch milliseconds; undefined once it was taken. */
  take(): number | undefined {
    const atMs = this.#atMs;
    this.#atMs = undefined;
    return atMs;
  }
}

/** A server's tools by name, as one session has listed them; sessions that listed the same share it. */
export class ToolIndex {
  #tools: readonly Tool[] = [];
  #byName: ReadonlyMap<string, Tool> = new Map();

  of(tools: readonly Tool[]): ReadonlyMap<string, Tool> {
    const same = tools.length === this.#tools.length && tools.every((tool, at) => tool === this.#tools[at]);
    if (!same) {
      this.#tools = tools;
      this.#byName = new Map(tools.map((tool) => [tool.name, tool]));
    }
    return this.#byName;
  }
}

/** Whose request a sample is. */
export type Caller = {
  readonly vu: number;
  readonly iteration: number;
  /** True when the same call was sent before and its failure was the session's. */
  readonly retry?: boolean;
  /** When the iteration was to start; undefined where virtual users set the pace. */
  readonly intended?: IntendedStart;
  /** Bits of SAMPLE_FLAG that mark a call; its first request carries them. */
  readonly callFlags?: number;
};

/** What a server says of itself when a session opens. */
export type ServerFacts = {
  readonly protocolVersion: string;
  readonly server: string;
  readonly session: 'stateful' | 'stateless';
};

/** One MCP session, whatever the protocol's era. Failures of the target do not throw: each is a sample. */
export type Session = {
  /** Opens the session and lists the tools; when a step fails, the session is of no use. */
  open(caller: Caller): Promise<Opened | NotOpened>;
  /** False once the server has ended the session or no token can be had for it, and before it is open. */
  readonly alive: boolean;
  /**
   * Sends a call and whatever the protocol makes follow it: the same once more with a new token, with input that was asked
   * for, the polling of a task. Each request is a sample; the one that decided is returned.
   */
  request(call: Call, caller: Caller): Promise<Exchange>;
  /** Tells the server that the session is over; does nothing for sessions it does not keep. */
  close(caller: Caller): Promise<void>;
  /** Leaves without a word, as clients that crash do; its requests under way go on. */
  abandon(): void;
};

/** The request at which the opening of a session failed. */
export type NotOpened = { readonly failed: Exchange };

export type Opened = {
  readonly facts: ServerFacts;
  readonly tools: readonly Tool[];
  /** Names of what the server offers: `tools`, `resources`, `prompts`, `completions` … */
  readonly capabilities: readonly string[];
};

/** What all sessions with one target share, in one process. */
export type SessionOptions = {
  readonly target: Target;
  readonly connection: TargetConnection;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly tools: ToolIndex;
  /** Names us to the target's owner. */
  readonly userAgent: string;
  /** Number of an operation's samples. */
  readonly operation: (name: string) => number;
  /** Hears that the target refused credentials that were made anew because it had refused the ones before. */
  readonly onRejected: (message: string) => void;
  /** Aborted once it did. */
  readonly rejected: AbortSignal;
  /**
   * Aborted when the load is over and nobody may wait for anything any more: no further call is sent then, only what a
   * session says at its end. Whatever waits between two requests, as the polling of a task does, waits no longer.
   */
  readonly ended: AbortSignal;
};

/** How we introduce ourselves, from the user agent's `name/version`. */
export function clientInfoOf(userAgent: string): { readonly name: string; readonly version: string } {
  const [name = '', version = ''] = userAgent.split(/[/ ]/);
  return { name, version };
}

/** True when the caller got its answer, whatever rule the server bent. */
export function succeeded({ outcome }: Exchange): boolean {
  const became = outcomeClass(outcome);
  return became === 'useful' || became === 'warning';
}

/** Whose a request is that another brought about: what marks a call is its first request's alone. */
export function followUp({ vu, iteration, retry }: Caller): Caller {
  return { vu, iteration, ...(retry === undefined ? {} : { retry }) };
}
