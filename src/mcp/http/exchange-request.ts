import type { Dispatcher } from 'undici';
import type { DeviationRule } from '../../plan/deviation-rules.ts';
import type { Outcome } from '../../sample/outcome.ts';
import type { LoadGate } from '../../traffic/fence.ts';
import type { Tool } from '../operations/tool.ts';
import type { Timeouts } from './deadline.ts';
import type { Expiring, InFlightRequests } from './in-flight-requests.ts';
import type { Judgement, ResultJudge } from './json-rpc.ts';
import type { ReplyMemory } from './reply-memory.ts';

/**
 * What ends a request: a JSON-RPC response, the empty acknowledgement of a notification, the reply to a DELETE, or the
 * opening of the event stream that a GET asks for.
 */
type Expectation = 'response' | 'acknowledgement' | 'deletion' | 'stream';

/** One HTTP request of a session, ready to be sent. */
export type ExchangeRequest = {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly headers: readonly string[];
  readonly body: string | null;
  readonly expects: Expectation;
  /** JSON-RPC id of the request; 0 if it has none. */
  readonly id: number;
  /** The JSON-RPC method; empty if the reply is not judged by it. */
  readonly rpcMethod: string;
  readonly sentSessionId: boolean;
  /** True for initialize: its failure may mean that the server accepts no more sessions. */
  readonly opensSession: boolean;
  /** True if its credentials are new because the server refused the previous ones. */
  readonly renewed: boolean;
  /** True if the target has no credentials, or always the same; false by default. */
  readonly hasFixedCredentials?: boolean | undefined;
  readonly judge: ResultJudge;
  /** True for a later round of a call, whose results its session judges for the whole call. */
  readonly laterRound?: boolean | undefined;
  /** The tool that is called, if the session has seen it listed. */
  readonly tool: Tool | undefined;
  /** The session that sends the request. */
  readonly peer: ExchangePeer;
  /** Operation, virtual user and iteration of the sample. */
  readonly operation: number;
  readonly vu: number;
  readonly iteration: number;
  /** The intended start, epoch milliseconds; undefined if there was none. */
  readonly intendedMs?: number | undefined;
  /** Bits of SAMPLE_FLAG that are known before the request is sent. */
  readonly flags: number;
  /**
   * Set for a farewell: how long it may take at most, milliseconds, whatever the plan's timeouts. It then ends by itself
   * when the virtual users are ended.
   */
  readonly withinMs?: number | undefined;
};

/** Headers of a reply, by lower-case name. */
export type ReplyHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The first value of a reply header; empty if the header is absent. @param name in lower case */
export function headerOf(headers: ReplyHeaders, name: string): string {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

/** What a reply is judged by: the request and the head of the reply. The judge adds the rest. */
export type JudgedExchange = {
  readonly request: ExchangeRequest;
  /** 0 until the reply's headers have arrived. */
  readonly status: number;
  readonly replyHeaders: ReplyHeaders;
  /** The result of the matching response, if it had one. */
  result: unknown;
  /** The error of the matching response, if it had one. */
  error: unknown;
  /**
   * True when the answer is not the call's result yet: the server made a task of the call, or asks for input. The session
   * then sends what follows, and concludes the call. The judge sets it.
   */
  continues: boolean;
};

/** What a server said about resuming its event stream. */
export type BrokenStream = {
  /** Id of the last event that had one; undefined if the stream cannot be resumed. */
  readonly lastEventId: string | undefined;
  /** How long to wait before resuming, milliseconds; undefined if the server did not say. */
  readonly retryMs: number | undefined;
};

/** An exchange whose stream broke before the answer; the session looks for the answer in another stream. */
export type BrokenExchange = {
  readonly request: ExchangeRequest;
  /** True once the outcome is decided. */
  readonly over: boolean;
  /** Takes a message that may be the answer. */
  accept(message: unknown): void;
  /** Resolves when the caller may continue. */
  readonly settled: Promise<void>;
  /** Stops waiting: the exchange fails as its stream did. @param why nothing more came, for the message */
  abandon(why: string): void;
  /** Ends the exchange from our side. How its stream ended does not count then: the answer might still have come. */
  abort(outcome: Outcome, message: string): void;
};

/** The session that sent a request, as its exchange sees it. It handles everything that is not the answer. */
export type ExchangePeer = {
  /** True for revision 2026-07-28, whose servers send JSON-RPC errors with HTTP status 400 or 404. */
  readonly stateless: boolean;
  /** Judges the result of a response by the rules of the session's era. */
  judgeResult(exchange: JudgedExchange): Judgement;
  /** Takes any message that does not answer the exchange's own request. Must not throw. */
  onMessage(exchange: JudgedExchange, message: unknown): void;
  /** Takes what the server did against the specification, although its answer is accepted. Must not throw. */
  onDeviation?(exchange: JudgedExchange, rule: DeviationRule, example: string): void;
  /** Takes an event of a type other than `message`. Must not throw. */
  onOtherEvent(exchange: JudgedExchange, type: string, data: string): void;
  /**
   * Called when a resumable stream ended or broke before its answer. Must not end the exchange itself.
   * @returns true if the session resumes the stream; it then ends the exchange by `accept`, `abandon` or `abort`
   */
  onBroken(exchange: BrokenExchange, stream: BrokenStream): boolean;
};

/**
 * How far an exchange has come. It may skip states, but never goes back.
 * - `waiting`: for the answer; the request may not have been sent yet.
 * - `resuming`: for the answer in another stream, because its own stream broke. Later events of its own do not count.
 * - `decided`: the outcome is final. The caller waits a moment longer, because the reply has not ended.
 * - `settled`: the caller has continued, and the reply has still not ended.
 * - `ended`: nothing more can come. The caller continues as soon as the connection is free.
 */
export type ExchangeState = 'waiting' | 'resuming' | 'decided' | 'settled' | 'ended';

/** Ends a request that has been given to a connection, and pauses its reply. */
export type RequestController = Pick<Dispatcher.DispatchController, 'abort' | 'pause' | 'resume'>;

/** How large replies may be. */
export type ReplyLimits = {
  /** Most bytes of one reply; of a stream for messages from the server, of one event. */
  readonly maxReplyBytes: number;
  /** What all replies under way in the process hold. */
  readonly memory: ReplyMemory;
};

/** What an exchange needs from the connection that it runs on. */
export type ExchangeHost<Item extends Expiring> = {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Decides whether the request may still be sent when a connection is free for it. */
  readonly gate: LoadGate;
  /** Holds the exchange from its creation to its end, and calls it at its deadlines. */
  readonly inFlight: InFlightRequests<Item>;
  readonly timeouts: Timeouts;
  readonly limits: ReplyLimits;
  /** False to read event streams to their end, however long they stay open after the answer. */
  readonly cutsHeldStreams: boolean;
  /** Called once, when nothing more can come and the sample is complete. Must not throw. */
  readonly onFinished: (exchange: Item) => void;
  /** Called with what was thrown while a reply was read or judged, unless it was too deep or too long. Must not throw. */
  readonly onUnreadable: (error: unknown) => void;
  /** Called with an error in mcp-surge itself that no target can cause. Must not throw. */
  readonly onInternalError: (error: unknown) => void;
};
