/**
 * How one request ended. Codes have the form `LAYER_DETAIL`. A sample has exactly one: the first that applies, in the
 * order NET > TMO > HTTP/AUTH/SESS > REPLY > PROTO/SSE > RPC > TOOL.
 */
export type Outcome =
  | 'OK'
  | `NET_${'REFUSED' | 'DNS' | 'TLS' | 'CONNECT_TMO' | 'RESET_PRE' | 'RESET_MID' | 'HTTP_PARSE' | 'FORBIDDEN' | 'OTHER'}`
  | `TMO_${'HEADERS' | 'IDLE' | 'TOTAL' | 'UNTERMINATED' | 'GRACEFUL_STOP'}`
  | 'HTTP_3XX'
  | `HTTP_${number}`
  | `AUTH_${'401' | '403' | 'SCOPE' | 'REJECTED' | 'TOKEN'}`
  | `SESS_${'EXPIRED' | 'LOST' | 'MISSING' | 'REFUSED' | 'DUP' | 'AMBIGUOUS'}`
  | `PROTO_${'CT_MISSING' | 'CT_HTML' | 'CT_OTHER' | '202' | 'NOTIF_ACK' | 'EMPTY' | 'JSON' | 'SHAPE' | 'ID_TYPE' | 'ID_MISMATCH' | 'NO_REPLY' | 'VERSION' | 'RESULT_TYPE' | 'HEADERS_HELD' | 'LIST_ENDLESS'}`
  | `REPLY_${'TOO_LARGE' | 'UNREADABLE'}`
  | `SSE_${'BAD_DATA' | 'UNTERMINATED'}`
  | `RPC_${number}`
  | `RPC_${'INPUT_REQUIRED' | 'OTHER'}`
  | `TOOL_${'ERROR' | 'QUOTA' | 'SOFT_ERROR' | 'EMPTY' | 'READS_LIKE_ERROR' | 'UNCHECKED' | 'SCHEMA' | 'ASSERT' | 'CAPTURE'}`
  | 'PLAN_FEED_END'
  | `CLIENT_${'ABORT' | 'LIMIT'}`;

/** The JSON-RPC codes of one operation that are outcomes of their own; requests with any further code are RPC_OTHER. */
export const MAX_RPC_CODES = 50;

/** True for an outcome whose code the target chose: it can send any number of them. */
export function isRpcCode(outcome: Outcome): boolean {
  return outcome.startsWith('RPC_') && outcome !== 'RPC_OTHER' && outcome !== 'RPC_INPUT_REQUIRED';
}

/** Outcomes of useful requests whose answer deserves attention; they are listed as warnings. */
const WARNINGS: ReadonlySet<Outcome> = new Set<Outcome>([
  'PROTO_NOTIF_ACK',
  'PROTO_ID_TYPE',
  'PROTO_HEADERS_HELD',
  'SESS_DUP',
  'SSE_UNTERMINATED',
  'TOOL_EMPTY',
  'TOOL_READS_LIKE_ERROR',
  'TOOL_UNCHECKED',
]);

/**
 * `useful`: the agent got its answer. `warning`: it did, but the server broke a rule or its text reads like a failure. `failed`: it did not. `censored`:
 * a stop ended the request before its answer, so only a lower bound of its latency is known; if the request had not been
 * sent yet, it says nothing. `aborted`: nothing was sent, and the reason is not the target.
 */
export type OutcomeClass = 'useful' | 'warning' | 'failed' | 'censored' | 'aborted';

/** The class of an outcome; outcomes without a class of their own are failures. */
export function outcomeClass(outcome: Outcome): OutcomeClass {
  if (outcome === 'OK') return 'useful';
  if (outcome === 'CLIENT_ABORT') return 'censored';
  if (outcome === 'CLIENT_LIMIT' || outcome === 'PLAN_FEED_END') return 'aborted';
  return WARNINGS.has(outcome) ? 'warning' : 'failed';
}

/** True when the caller got its answer, even if the server broke a rule (a warning). */
export function isAnswer(outcome: Outcome): boolean {
  return outcome === 'OK' || WARNINGS.has(outcome);
}

/** True for failures by silence: the time until the failure is only a lower bound of the time until an answer. */
export function isTimeout(outcome: Outcome): boolean {
  return outcome.startsWith('TMO_') || outcome === 'NET_CONNECT_TMO';
}

/**
 * How mcp-surge ends a request that is still open. `TMO_GRACEFUL_STOP`: the plan's graceful stop has passed, so the target
 * had all the time that the plan gives. `CLIENT_ABORT`: a person, a condition or an error ended the load earlier.
 */
export type CutOutcome = Extract<Outcome, 'TMO_GRACEFUL_STOP' | 'CLIENT_ABORT'>;

/** True for the outcome of an iteration that did not finish, because mcp-surge cut it short or could send nothing. */
export function isUnfinished(outcome: Outcome): boolean {
  const is = outcomeClass(outcome);
  return is === 'censored' || is === 'aborted' || outcome === 'TMO_GRACEFUL_STOP';
}
