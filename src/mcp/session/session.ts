import type { Exchange } from '../exchange/exchange.ts';
import type { PreparedRequest } from '../exchange/json-rpc.ts';
import type { ResultJudge } from '../operations/tool-result.ts';

/** Whose request a sample is. */
export type Caller = { readonly vu: number; readonly iteration: number };

/** A tool as tools/list describes it. */
export type Tool = { readonly name: string; readonly readOnly: boolean };

/** What a server says of itself when a session opens. */
export type ServerFacts = {
  readonly protocolVersion: string;
  readonly server: string;
  readonly session: 'stateful' | 'stateless';
};

/** One MCP session, whatever the protocol's era. Failures of the target do not throw: each is a sample. */
export type Session = {
  /** Opens the session and lists the tools; undefined when a step failed, after which the session is of no use. */
  open(caller: Caller): Promise<Opened | undefined>;
  /** False once the server has ended the session or no token can be had for it, and before it is open. */
  readonly alive: boolean;
  request(prepared: PreparedRequest, judge: ResultJudge, caller: Caller): Promise<Exchange>;
  /** Tells the server that the session is over; does nothing for sessions it does not keep. */
  close(caller: Caller): Promise<void>;
};

export type Opened = { readonly facts: ServerFacts; readonly tools: readonly Tool[] };
