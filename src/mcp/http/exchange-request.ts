import type { Outcome } from '../../sample/outcome.ts';
import type { Tool } from '../operations/tool.ts';
import type { Expiring, InFlightRequests, Timeouts } from './in-flight-requests.ts';
import type { Judgement, ResultJudge } from './json-rpc.ts';

/**
 * What kind of answer ends a request: a JSON-RPC response, the bare ack of a notification, that of a DELETE, or the event
 * stream that a GET opens.
 */
export type Expectation = 'response' | 'acknowledgement' | 'deletion' | 'stream';

/** One HTTP request of a session, ready to be sent. */
export type ExchangeRequest = {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly headers: readonly string[];
  readonly body: string | null;
  readonly expects: Expectation;
  /** JSON-RPC id of the request; 0 where there is none. */
  readonly id: number;
  /** Its JSON-RPC method; empty where there is none that the reply is judged by. */
  readonly rpcMethod: string;
  readonly sentSessionId: boolean;
  /** True for initialize, whose failure may mean that the server takes no further session. */
  readonly opensSession: boolean;
  /** True when its credentials were made anew because the ones before were refused. */
  readonly renewed: boolean;
  readonly judge: ResultJudge;
  /** The tool that is called, as far as the session has seen it listed. */
  readonly tool: Tool | undefined;
  /** The session that it belongs to. */
  readonly peer: ExchangePeer;
  /** Where the sample belongs. */
  readonly operation: number;
  readonly vu: number;
  readonly iteration: number;
  /** When it was to start, epoch milliseconds; undefined when there was no such moment. */
  readonly intendedMs?: number | undefined;
  readonly flags: number;
};

/** What a reply is judged by: the request it answers and its head; the judge leaves what was answered with it. */
export type JudgedExchange = {
  readonly request: ExchangeRequest;
  /** 0 until the reply's headers are there. */
  readonly status: number;
  readonly replyHeaders: Readonly<Record<string, string | string[] | undefined>>;
  /** The result of the matching response, if it had one. */
  result: unknown;
  /** The error of the matching response, if it was one. */
  error: unknown;
};

/** What a server said of taking its event stream up again. */
export type BrokenStream = {
  /** Id of the last event that had one; without it there is nothing to go on from. */
  readonly lastEventId: string | undefined;
  /** How long the server wants to be left alone before, milliseconds; undefined when it did not say. */
  readonly retryMs: number | undefined;
};

/** An exchange whose stream broke before the answer, and which waits for it from elsewhere. */
export type BrokenExchange = {
  readonly request: ExchangeRequest;
  /** True once there is an answer or it was given up. */
  readonly over: boolean;
  /** Takes a message that may be the answer. */
  accept(message: unknown): void;
  /** Resolves once it is over. */
  readonly settled: Promise<void>;
  /** Gives up: the exchange ends as its stream did. @param why nothing more came, for the message */
  abandon(why: string): void;
  /** Ends it for a reason of ours: then its stream's end does not count, which the answer might have followed. */
  abort(outcome: Outcome, message: string): void;
};

/** The session that an exchange belongs to, as the exchange sees it: what it does with all that is no answer. */
export type ExchangePeer = {
  /** Servers of revision 2026-07-28 send JSON-RPC errors with statuses of their own. */
  readonly stateless: boolean;
  /** Judges the result of a response, in the terms of the session's era. */
  judgeResult(exchange: JudgedExchange): Judgement;
  /** Takes any message that is no answer to the exchange's own request. Must not throw. */
  onMessage(exchange: JudgedExchange, message: unknown): void;
  /** Takes an event of a type other than `message`. Must not throw. */
  onOtherEvent(exchange: JudgedExchange, type: string, data: string): void;
  /**
   * Hears that a stream that can be taken up again ended or broke before its answer. Must not end the exchange itself.
   * @returns true when the session takes it up again; later it ends the exchange by `accept` or `abandon`
   */
  onBroken(exchange: BrokenExchange, stream: BrokenStream): boolean;
};

/** What an exchange needs of the connection it runs on. */
export type ExchangeHost<Hosted extends Expiring> = {
  readonly now: () => number;
  /** Holds the exchange from its making to its end, and tells it when its time is up. */
  readonly underWay: InFlightRequests<Hosted>;
  /** False to read event streams to their end, however long they stay open after their answer. */
  readonly cutsHeldStreams: boolean;
  readonly timeouts: Timeouts;
  /** Called once, when nothing more can come: now the sample is complete. Must not throw. */
  readonly onFinished: (exchange: Hosted) => void;
  /** Hears of a bug of ours, which must not pass for a fault of the target. Must not throw. */
  readonly onBug: (error: unknown) => void;
};
