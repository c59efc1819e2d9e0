import type { ResultJudge } from '../operations/tool-result.ts';

/** What kind of answer ends a request: a JSON-RPC response, the bare ack of a notification, or that of a DELETE. */
export type Expectation = 'response' | 'acknowledgement' | 'deletion';

/** One HTTP request of a session, ready to be sent. */
export type ExchangeRequest = {
  readonly method: 'POST' | 'DELETE';
  readonly headers: readonly string[];
  readonly body: string | null;
  readonly expects: Expectation;
  /** JSON-RPC id of the request; 0 where there is none. */
  readonly id: number;
  readonly sentSessionId: boolean;
  readonly judge: ResultJudge;
  /** Where the sample belongs. */
  readonly operation: number;
  readonly vu: number;
  readonly iteration: number;
  readonly flags: number;
};

/** What a reply is judged by: the request it answers and its head; the judge leaves the result with it. */
export type JudgedExchange = {
  readonly request: ExchangeRequest;
  /** 0 until the reply's headers are there. */
  readonly status: number;
  readonly replyHeaders: Readonly<Record<string, string | string[] | undefined>>;
  /** The result of the matching response, if it had one. */
  result: unknown;
};
