import type { Outcome } from '../../sample/outcome.ts';
import type { Judgement } from './judgement.ts';

/** Node's own codes, and those that X.509 verification ends in (OpenSSL, X509_verify_cert_error). */
const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH)/;

/** The name of undici's error for bytes that are no HTTP; the code it means to give with it is missing. */
const PARSER_ERROR = 'HTTPParserError';

/** undici's codes for requests that it would not even try: we asked for nonsense, or after the end. */
const OUR_FAULT: ReadonlySet<string> = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_DESTROYED',
  'UND_ERR_CLOSED',
]);

/** True for an error that no target can cause. */
export function isFaultOfOurs(error: unknown): boolean {
  return OUR_FAULT.has(innermost(error).code);
}

/**
 * The outcome of a request that ended in a transport error.
 * @param headersSeen whether the reply's headers had arrived
 * @param reused whether the connection had served a request before, so that the server may just have closed it
 */
export function classifyTransportError(error: unknown, headersSeen: boolean, reused = false): Judgement {
  const reason = innermost(error);
  const { code, message } = reason;
  const outcome = transportOutcome(reason, headersSeen);
  const text = code === '' ? message : `${code}: ${message}`;
  const race = reused && outcome === 'NET_RESET_PRE';
  return { outcome, message: race ? `${text}; the connection had served before, perhaps it was closed as idle` : text };
}

function transportOutcome({ code, message }: Reason, headersSeen: boolean): Outcome {
  switch (code) {
    case 'ECONNREFUSED':
      return 'NET_REFUSED';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'EAI_NODATA':
      return 'NET_DNS';
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'NET_CONNECT_TMO';
    case 'UND_ERR_SOCKET':
      // 100 Continue or 101 Switching Protocols, which no request asked for.
      if (message === 'bad response' || message === 'bad upgrade') return 'NET_HTTP_PARSE';
      return headersSeen ? 'NET_RESET_MID' : 'NET_RESET_PRE';
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
    case 'ERR_HTTP2_STREAM_ERROR':
    case 'ERR_HTTP2_SESSION_ERROR':
      return headersSeen ? 'NET_RESET_MID' : 'NET_RESET_PRE';
    case PARSER_ERROR:
      // The end of the connection within a chunked body.
      if (headersSeen && message.includes('Invalid EOF state')) return 'NET_RESET_MID';
      return 'NET_HTTP_PARSE';
    case 'UND_ERR_HEADERS_OVERFLOW':
      return 'NET_HTTP_PARSE';
    case 'ERR_FORBIDDEN_ADDRESS':
      return 'NET_FORBIDDEN';
  }
  return TLS_CODE.test(code) ? 'NET_TLS' : 'NET_OTHER';
}

type Reason = { readonly code: string; readonly message: string };

/**
 * The error that a chain of causes began with; of an aggregate (several addresses tried) the first that tells the most:
 * where the machine has no IPv6, its attempt fails without having reached anything.
 */
function innermost(error: unknown): Reason {
  if (error instanceof AggregateError && error.errors.length > 0) {
    const reasons: Reason[] = error.errors.map(innermost);
    const telling = reasons.find((reason) => transportOutcome(reason, false) !== 'NET_OTHER');
    return telling ?? (reasons[0] as Reason);
  }
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (error.name === PARSER_ERROR) return { code: PARSER_ERROR, message: error.message };
  if (code === '' && error.cause !== undefined) return innermost(error.cause);
  return { code, message: error.message };
}

/** What of a request and its reply's head decides about a status that is no success. */
export type StatusContext = {
  readonly status: number;
  readonly sentSessionId: boolean;
  readonly opensSession: boolean;
  /** True when the credentials were made anew for this request. */
  readonly renewed: boolean;
  readonly challenge: string;
};

/** The outcome of a reply whose HTTP status is not 2xx. */
export function classifyStatus(context: StatusContext, body: string): Outcome {
  const { status, sentSessionId, opensSession, renewed, challenge } = context;
  if (status >= 300 && status < 400) return 'HTTP_3XX';
  if (status === 401) return renewed ? 'AUTH_REJECTED' : 'AUTH_401';
  if (status === 403) return /error="?insufficient_scope/.test(challenge) ? 'AUTH_SCOPE' : 'AUTH_403';
  // Servers that keep a limited number of sessions say so when one more is to be opened.
  if (opensSession && (status === 429 || status === 503)) return 'SESS_REFUSED';
  // The specification says 404 for a session that is gone; servers in the wild say 400 and tell so in words.
  if (status === 404 && sentSessionId) return 'SESS_EXPIRED';
  if (status === 400 && /not initialized|no valid session|session not found/i.test(body)) {
    return sentSessionId ? 'SESS_LOST' : 'SESS_MISSING';
  }
  if (status === 400 && !sentSessionId && /mcp-session-id/i.test(body)) return 'SESS_MISSING';
  return `HTTP_${status}`;
}

/** How the body of a successful reply is to be read. */
export type BodyKind = 'json' | 'sse' | 'unreadable';

/** Reads a content type by its essence; parameters such as the charset do not matter. */
export function bodyKindOf(contentType: string): BodyKind {
  const essence = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (essence === 'application/json') return 'json';
  return essence === 'text/event-stream' ? 'sse' : 'unreadable';
}

/** The outcome of a 2xx reply to a request that is neither JSON nor an event stream. */
export function classifyUnreadable(status: number, contentType: string, body: string): Outcome {
  if (status === 202) return 'PROTO_202';
  if (body === '') return 'PROTO_EMPTY';
  if (contentType === '') return 'PROTO_CT_MISSING';
  return /^text\/html/i.test(contentType) ? 'PROTO_CT_HTML' : 'PROTO_CT_OTHER';
}
