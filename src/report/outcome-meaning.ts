import type { Outcome } from '../sample/outcome.ts';

/** The outcomes without a number from the target. */
type NamedOutcome = Exclude<Outcome, `HTTP_${number}` | `RPC_${number}`>;

const MEANINGS: Readonly<Record<NamedOutcome, string>> = {
  OK: 'The response arrived and every check passed.',
  CLIENT_ABORT:
    'The load was stopped while the request was still open; a response would have taken at least as long as it had waited.',
  CLIENT_LIMIT:
    'The load generator had no file descriptor, port or memory left for a connection or for the response; this says nothing about the target.',

  NET_REFUSED: 'The connection was refused: nothing listens at the address, or a firewall rejected it.',
  NET_DNS: 'The host name could not be resolved to an address.',
  NET_TLS: 'The TLS handshake failed; see the example message.',
  NET_CONNECT_TMO: 'No connection could be opened in time.',
  NET_RESET_PRE: 'The connection was closed before any response headers arrived.',
  NET_RESET_MID: 'The connection broke in the middle of the response.',
  NET_HTTP_PARSE: 'The response was not valid HTTP.',
  NET_FORBIDDEN: 'The host name resolved to an address that the operator does not allow, so nothing was sent.',
  NET_OTHER: 'The connection failed for another reason; see the example message.',

  TMO_HEADERS: 'No response headers arrived in time.',
  TMO_IDLE: 'The response started, then stalled for longer than the idle limit.',
  TMO_TOTAL:
    'The matching response did not arrive within the time limit of the request, or the result of a task within an hour.',
  TMO_GRACEFUL_STOP: 'The request was still open when the graceful stop of its scenario ended.',
  TMO_UNTERMINATED:
    'The response arrived in time, but no blank line ended its event, so a client cannot know that it is complete.',

  HTTP_3XX: 'The server sent a redirect; redirects are not followed.',

  AUTH_401: 'The server did not accept the credentials, or there were none (HTTP 401).',
  AUTH_403: 'The server recognised the caller but denied access (HTTP 403).',
  AUTH_SCOPE: 'The token lacks a scope that the server requires (insufficient_scope).',
  AUTH_REJECTED: 'A new token was rejected too, so the credentials themselves are not accepted.',
  AUTH_TOKEN: 'No token could be obtained, so the request could not be sent with credentials.',

  SESS_EXPIRED: 'The server no longer has the session (HTTP 404 for a session id).',
  SESS_LOST:
    'The server does not recognise a session that it opened: its refusal names the session, or it is a 401 although the credentials have not changed. This can happen behind a load balancer without sticky sessions.',
  SESS_MISSING: 'The server gave no session id in its initialize response but now requires one.',
  SESS_REFUSED:
    'The server refused to open another session (HTTP 429 or 503 in reply to initialize, or "already initialized").',
  SESS_DUP: 'The response had the session id header twice with the same value; it was accepted.',
  SESS_AMBIGUOUS: 'The server sent two different session ids in one response.',

  REPLY_TOO_LARGE:
    'The response is larger than maxReplyBytes of the target allows, or holds so many values that they would take far more memory. The rest of it was not read.',
  REPLY_UNREADABLE:
    'The response could not be read or judged, because its values are nested too deeply or its text is too long for a pattern; see the example message.',

  PROTO_CT_MISSING: 'The response has no content type, so it is neither JSON nor an event stream.',
  PROTO_CT_HTML: 'The response is an HTML page; a proxy or a sign-in page in front of the server can send one.',
  PROTO_CT_OTHER: 'The content type of the response is neither JSON nor an event stream.',
  PROTO_202: 'The server answered a request with 202 Accepted, which is for notifications, so there will be no result.',
  PROTO_NOTIF_ACK: 'The server acknowledged a notification with something other than an empty 202.',
  PROTO_EMPTY: 'The response was successful but empty.',
  PROTO_JSON: 'The body of the response is not valid JSON.',
  PROTO_SHAPE: 'The body is JSON but not a JSON-RPC response.',
  PROTO_ID_TYPE: 'The response has the request id as another type, such as "7" for 7; it was accepted.',
  PROTO_ID_MISMATCH: 'The response has another id than its request.',
  PROTO_HEADERS_HELD:
    'An event stream for messages of the server (GET) sent no headers within two seconds; it was accepted.',
  PROTO_NO_REPLY: 'The event stream ended without a response to the request.',
  PROTO_VERSION: 'The server and the client have no protocol version in common.',
  PROTO_RESULT_TYPE: 'The result has a type that the protocol does not define or that was not negotiated.',
  PROTO_LIST_ENDLESS:
    'The list does not end: a cursor came twice, or the list has more pages, items or bytes than a client can read.',

  RPC_INPUT_REQUIRED: 'The server asked for input that only a person or a model can give.',
  RPC_OTHER:
    'The server returned a JSON-RPC error. The operation already had 50 other error codes, so that this code has no row of its own.',

  SSE_BAD_DATA: 'An event of the stream could not be parsed, and no response followed.',
  SSE_UNTERMINATED: 'The last event of the stream had no blank line at its end; it was accepted.',

  TOOL_ERROR:
    'The tool ran and reported an error (isError: true): HTTP and JSON-RPC succeeded, but the agent got no result.',
  TOOL_QUOTA: 'The result is marked as successful, but its text says that a quota or rate limit is exhausted.',
  TOOL_SOFT_ERROR: 'The result is marked as successful, but its text is an error message.',
  TOOL_EMPTY: 'The call succeeded, but its result is empty: no content, no resource, no message.',
  TOOL_READS_LIKE_ERROR:
    'The result is marked as successful and counts as useful, but its text reads like an error message.',
  TOOL_UNCHECKED:
    'The call succeeded, but its structured result was not compared with the output schema of the tool, because that would take too long.',
  TOOL_SCHEMA: 'The structured result does not match the output schema that the tool declares.',
  TOOL_ASSERT: 'The result arrived, but its content failed a check of the plan.',
  TOOL_CAPTURE: 'The result arrived, but it lacks a value that later steps of the plan need.',

  PLAN_FEED_END: 'A feed of the plan had no rows left, so the iteration sent nothing; no request has this outcome.',
};

/** Every outcome without a number, layer by layer. */
export const NAMED_OUTCOMES = Object.keys(MEANINGS) as readonly NamedOutcome[];

const HTTP_MEANINGS: Readonly<Record<string, string>> = {
  '400': 'The server rejected the request as malformed (HTTP 400).',
  '404': 'The server has nothing at this address (HTTP 404).',
  '405': 'The server does not allow this HTTP method (HTTP 405).',
  '406': 'The server cannot send any of the accepted content types (HTTP 406).',
  '408': 'The server timed out waiting for the request (HTTP 408).',
  '413': 'The request is too large for the server (HTTP 413).',
  '415': 'The server does not accept this content type (HTTP 415).',
  '429': 'Too many requests (HTTP 429): the caller has reached a rate limit.',
  '500': 'The server had an internal error (HTTP 500).',
  '502': 'A gateway got no valid response from the server behind it (HTTP 502).',
  '503': 'The server is overloaded or temporarily unavailable (HTTP 503).',
  '504': 'A gateway timed out waiting for the server behind it (HTTP 504).',
};

/** The codes that JSON-RPC 2.0 defines. */
const RPC_MEANINGS: Readonly<Record<string, string>> = {
  '-32700': 'The server could not parse the request as JSON (JSON-RPC error -32700).',
  '-32600': 'The server rejected the request as invalid (JSON-RPC error -32600).',
  '-32601': 'The server does not have this method (JSON-RPC error -32601).',
  '-32602': 'The server rejected the parameters or the tool name (JSON-RPC error -32602).',
  '-32002': 'The server does not have this resource (JSON-RPC error -32002).',
  '-32603': 'The server had an internal error (JSON-RPC error -32603).',
};

/** What -32602 means in answer to a method. */
const INVALID_PARAMS: Readonly<Record<string, string>> = {
  'prompts/get': 'The server does not have this prompt, or rejected its arguments (JSON-RPC error -32602).',
  'resources/read': 'The server does not have this resource, or rejected its URI (JSON-RPC error -32602).',
  'completion/complete':
    'The server does not know what was to be completed, or rejected the argument (JSON-RPC error -32602).',
  'tasks/get': 'The server does not know the task (JSON-RPC error -32602).',
  'tasks/result': 'The server does not know the task (JSON-RPC error -32602).',
};

/**
 * A sentence that explains an outcome to a reader who does not know its code.
 * @param operation begins with the method; empty if the outcome is not that of an operation
 */
export function outcomeMeaning(outcome: Outcome, operation = ''): string {
  const [method = ''] = operation.split(':', 1);
  if (outcome === 'RPC_-32602' && Object.hasOwn(INVALID_PARAMS, method)) return INVALID_PARAMS[method] as string;
  if (Object.hasOwn(MEANINGS, outcome)) return MEANINGS[outcome as NamedOutcome];
  const [layer, code = ''] = outcome.split('_');
  if (layer === 'RPC') return RPC_MEANINGS[code] ?? `The server returned JSON-RPC error ${code}.`;
  return HTTP_MEANINGS[code] ?? `The server returned HTTP status ${code}${httpFamily(code)}.`;
}

function httpFamily(status: string): string {
  if (status.startsWith('4')) return ', a client error';
  return status.startsWith('5') ? ', a server error' : '';
}
