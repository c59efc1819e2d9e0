import type { Outcome } from '../../sample/outcome.ts';
import type { Judgement } from './json-rpc.ts';

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

const FEWER = 'lower maxConnections, or spread the virtual users over more lanes';

/** What this machine may be out of when it is to make a connection (POSIX, `socket` and `connect`), and the way out. */
const LIMITS: Readonly<Record<string, string>> = {
  EMFILE: `this process may open no more files: raise its limit (ulimit -n), ${FEWER}`,
  ENFILE: `this machine may open no more files: raise its limit (fs.file-max), ${FEWER}`,
  EADDRNOTAVAIL: `this machine has no address or port left to connect from: ${FEWER}`,
  ENOBUFS: `this machine has no memory left for sockets: ${FEWER}`,
};

/** True for an error that no target can cause. */
export function isFaultOfOurs(error: unknown): boolean {
  return OUR_FAULT.has(innermost(error).code);
}

/**
 * What to do about an error of whatever kind that goes back to a limit of this machine.
 * @returns undefined when it does not
 */
export function limitReached(error: unknown): string | undefined {
  const reason = innermost(error);
  return transportOutcome(reason, false) === 'CLIENT_LIMIT' ? LIMITS[reason.code] : undefined;
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
  if (outcome === 'CLIENT_LIMIT') return { outcome, message: `${text}; ${LIMITS[code]}` };
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
    case 'ERR_HTTP2_STREAM_ERROR':
    case 'ERR_HTTP2_SESSION_ERROR':
      return headersSeen ? 'NET_RESET_MID' : 'NET_RESET_PRE';
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      // undici's name for any fault in headers that have a length among them.
      return headersSeen ? 'NET_RESET_MID' : 'NET_HTTP_PARSE';
    case PARSER_ERROR:
      // The end of the connection within a chunked body.
      if (headersSeen && message.includes('Invalid EOF state')) return 'NET_RESET_MID';
      return 'NET_HTTP_PARSE';
    case 'UND_ERR_HEADERS_OVERFLOW':
      return 'NET_HTTP_PARSE';
    case 'ERR_FORBIDDEN_ADDRESS':
      return 'NET_FORBIDDEN';
  }
  if (Object.hasOwn(LIMITS, code)) return 'CLIENT_LIMIT';
  return TLS_CODE.test(code) ? 'NET_TLS' : 'NET_OTHER';
}

type Reason = { readonly code: string; readonly message: string; readonly address: string };

/** The error that a chain of causes began with; of an aggregate (several addresses tried) the one that tells the most. */
function innermost(error: unknown): Reason {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return mostTelling(error.errors.map(innermost));
  }
  if (!(error instanceof Error)) return { code: '', message: String(error), address: '' };
  const { message } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const address = 'address' in error && typeof error.address === 'string' ? error.address : '';
  if (error.name === PARSER_ERROR) return { code: PARSER_ERROR, message, address };
  if (code === '' && error.cause !== undefined) return innermost(error.cause);
  return { code, message, address };
}

/**
 * The first attempt that reached something, else the first that this machine had nothing left for. Where the machine has
 * no IPv6, Linux ends such an attempt in ENETUNREACH or EADDRNOTAVAIL, which is no want of ports then.
 */
function mostTelling(reasons: readonly Reason[]): Reason {
  const possible = reasons.filter(({ code, address }) => code !== 'EADDRNOTAVAIL' || !address.includes(':'));
  const tried = possible.length === 0 ? reasons : possible;
  const became = (reason: Reason) => transportOutcome(reason, false);
  const reached = tried.find((reason) => !['NET_OTHER', 'CLIENT_LIMIT'].includes(became(reason)));
  return reached ?? tried.find((reason) => became(reason) === 'CLIENT_LIMIT') ?? (tried[0] as Reason);
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

/** The parameter of a challenge (RFC 6750 §3.1) in any form that RFC 9110 §11.2 allows. */
const INSUFFICIENT_SCOPE = /(^|[\s,])error\s*=\s*"?insufficient_scope\b/i;

/** The outcome of a reply whose HTTP status is not 2xx. */
export function classifyStatus(context: StatusContext, body: string): Outcome {
  const { status, sentSessionId, opensSession, renewed, challenge } = context;
  if (status >= 300 && status < 400) return 'HTTP_3XX';
  if (status === 401) return renewed ? 'AUTH_REJECTED' : 'AUTH_401';
  if (status === 403) return INSUFFICIENT_SCOPE.test(challenge) ? 'AUTH_SCOPE' : 'AUTH_403';
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

/**
 * What may explain that a request is out of time, to go behind the judgement's message.
 * @param sent whether a connection had taken it
 * @param before what was wrong with its reply until then
 */
export function explainTimeout(sent: boolean, before: Judgement | undefined): string {
  if (!sent) return '; not sent, as no connection was free or could be made';
  return before === undefined ? '' : `; before that ${before.outcome}: ${before.message}`;
}
