import type { Outcome } from '../sample/outcome.ts';

/** The outcomes that are not made with a number of the target's choosing. */
type NamedOutcome = Exclude<Outcome, `HTTP_${number}` | `RPC_${number}`>;

const MEANINGS: Readonly<Record<NamedOutcome, string>> = {
  OK: 'The answer arrived and every check held.',
  CLIENT_ABORT: 'The request was still open when the run ended, so we ended it; it says nothing about the target.',
  CLIENT_LIMIT:
    'The machine that makes the load had no file, port or memory left for another connection, to send the request or to take up its stream again; it says nothing about the target.',

  NET_REFUSED: 'The connection was refused: nothing listens at the address, or a firewall rejects it.',
  NET_DNS: 'The host name could not be resolved to an address.',
  NET_TLS: 'The TLS handshake failed, for example over the certificate or the protocol version.',
  NET_CONNECT_TMO: 'No connection could be made in time.',
  NET_RESET_PRE: 'The connection was closed before any response headers came.',
  NET_RESET_MID: 'The connection broke in the middle of the response.',
  NET_HTTP_PARSE: 'What came back was not valid HTTP.',
  NET_FORBIDDEN: 'The host name led to an address that the operator does not allow, so nothing was sent.',
  NET_OTHER: 'The connection failed in a way that has no code of its own; see the example.',

  TMO_HEADERS: 'No response headers came in time.',
  TMO_IDLE: 'The response began, then fell silent for longer than the idle limit.',
  TMO_TOTAL: 'The matching response did not come within the time limit of the request.',
  TMO_UNTERMINATED:
    'The answer was there in time, but its event was never closed by a blank line, so a client cannot know that it is whole.',

  HTTP_3XX: 'The server answered with a redirect; redirects are not followed.',

  AUTH_401: 'The server did not accept the credentials (HTTP 401), or there were none.',
  AUTH_403: 'The server knows the caller and refuses it (HTTP 403).',
  AUTH_SCOPE: 'The token lacks a scope that the server asks for (insufficient_scope).',
  AUTH_REJECTED: 'A freshly fetched token was refused as well; the credentials themselves are not accepted.',
  AUTH_TOKEN: 'No token could be obtained, so the request could not be sent with credentials.',

  SESS_EXPIRED: 'The server no longer knows the session (HTTP 404 to a session id).',
  SESS_LOST: 'The server denies a session that it opened, as happens behind a load balancer without sticky sessions.',
  SESS_MISSING: 'The server gave no session id when it was initialised, yet asks for one now.',
  SESS_REFUSED: 'The server refuses to open another session, usually because it has reached its limit.',
  SESS_DUP: 'The session id header came twice with the same value; it was used once.',
  SESS_AMBIGUOUS: 'The server sent two different session ids in one answer.',

  PROTO_CT_MISSING: 'The answer has no content type, so it can be neither JSON nor an event stream.',
  PROTO_CT_HTML: 'The answer is an HTML page, typically from a proxy or a sign-in page in front of the server.',
  PROTO_CT_OTHER: 'The content type of the answer is neither JSON nor an event stream.',
  PROTO_202: 'The server answered a request with 202 Accepted, which is meant for notifications: no result will come.',
  PROTO_NOTIF_ACK: 'A notification was acknowledged with something other than an empty 202.',
  PROTO_EMPTY: 'The answer was successful but empty.',
  PROTO_JSON: 'The body of the answer is not valid JSON.',
  PROTO_SHAPE: 'The answer is JSON but not a JSON-RPC response.',
  PROTO_ID_TYPE: 'The response carries the request id in another type, such as "7" for 7; it was accepted.',
  PROTO_ID_MISMATCH: 'The response carries an id that was not asked with.',
  PROTO_NO_REPLY: 'The event stream ended without a response to the request.',
  PROTO_VERSION: 'The server and the client share no protocol version.',
  PROTO_RESULT_TYPE: 'The result is of a type that the protocol does not know, or that was not agreed on.',

  RPC_INPUT_REQUIRED: 'The server asked for input that only a person or a model could give.',

  SSE_BAD_DATA: 'An event of the stream could not be parsed and no response followed.',
  SSE_UNTERMINATED: 'The last event of the stream lacked its closing blank line; it was read anyway.',

  TOOL_ERROR: 'The tool ran and reported an error (isError: true): HTTP and JSON-RPC succeeded, the agent got nothing.',
  TOOL_QUOTA: 'A result marked as successful says in its text that a quota or rate limit is exhausted.',
  TOOL_SOFT_ERROR: 'A result marked as successful is, by its text, an error.',
  TOOL_EMPTY: 'The call succeeded, but there is nothing in the result: no content, no resource, no message.',
  TOOL_SCHEMA: 'The structured result does not fit the output schema that the tool itself declares.',
  TOOL_ASSERT: 'The result arrived, but a check of the plan on its content did not hold.',
  TOOL_CAPTURE: 'The result arrived, but a value in it that later steps of the plan need was not there.',

  PLAN_FEED_END: 'A feed of the plan had no row left for the iteration, so it sent nothing; no request ends like this.',
};

/** Every outcome that has a name of its own, layer by layer. */
export const NAMED_OUTCOMES = Object.keys(MEANINGS) as readonly NamedOutcome[];

const HTTP_MEANINGS: Readonly<Record<string, string>> = {
  '400': 'The server calls the request malformed (HTTP 400).',
  '404': 'There is nothing at this address (HTTP 404).',
  '405': 'The server does not allow this HTTP method (HTTP 405).',
  '406': 'The server offers none of the accepted content types (HTTP 406).',
  '408': 'The server gave up waiting for the request (HTTP 408).',
  '413': 'The request is too large for the server (HTTP 413).',
  '415': 'The server does not take JSON in this form (HTTP 415).',
  '429': 'Too many requests (HTTP 429): the caller has reached a rate limit.',
  '500': 'The server failed internally (HTTP 500).',
  '502': 'A gateway got no valid answer from the server behind it (HTTP 502).',
  '503': 'The server is overloaded or down for now (HTTP 503).',
  '504': 'A gateway waited too long for the server behind it (HTTP 504).',
};

/** The codes that JSON-RPC 2.0 itself defines. */
const RPC_MEANINGS: Readonly<Record<string, string>> = {
  '-32700': 'The server could not parse the request as JSON (JSON-RPC error -32700).',
  '-32600': 'The server calls the request invalid (JSON-RPC error -32600).',
  '-32601': 'The server does not have this method (JSON-RPC error -32601).',
  '-32602': 'The server rejects the parameters or the name of the tool (JSON-RPC error -32602).',
  '-32603': 'The server failed internally (JSON-RPC error -32603).',
};

/** One sentence that says what an outcome means, for a reader who does not know the code. */
export function outcomeMeaning(outcome: Outcome): string {
  if (Object.hasOwn(MEANINGS, outcome)) return MEANINGS[outcome as NamedOutcome];
  const [layer, code = ''] = outcome.split('_');
  if (layer === 'RPC') return RPC_MEANINGS[code] ?? `The server answered with JSON-RPC error ${code}.`;
  return HTTP_MEANINGS[code] ?? `The server answered with HTTP status ${code}${httpFamily(code)}.`;
}

function httpFamily(status: string): string {
  if (status.startsWith('4')) return ', which blames the request';
  return status.startsWith('5') ? ', which blames the server' : '';
}
