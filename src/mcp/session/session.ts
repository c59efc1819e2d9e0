import type { Exchange } from '../http/exchange.ts';
import type { Call } from '../operations/call.ts';
import type { Tool } from '../operations/tool.ts';
import type { IntendedStart } from './intended-start.ts';

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
