import type { Outcome } from '../../sample/outcome.ts';
import type { Judgement } from './json-rpc.ts';
import { saysSessionIsLost } from './lost-session.ts';

/**
 * The outcome of a request that ended in a transport error.
 * @param headersSeen whether the reply's headers had arrived
 * @param reused whether the connection had served a request before; many servers close such connections after a while
 */
export function classifyTransportError(error: unknown, headersSeen: boolean, reused = false): Judgement {
  const reason = innermost(error);
  const { code, message } = reason;
  const outcome = transportOutcome(reason, headersSeen);
  const text = code === '' ? message : `${code}: ${message}`;
  if (outcome === 'CLIENT_LIMIT') return { outcome, message: `${text}; ${LIMITS[code]}` };
  const isReused = reused && outcome === 'NET_RESET_PRE' && !(error instanceof Error && wasNeverBegun(error));
  return { outcome, message: isReused ? `${text}; the connection had served other requests before` : text };
}

/**
 * The judgement of a reply that something was thrown for while it was read or judged.
 * @param onBug receives what is thrown for another reason than a value that is nested too deeply or a text that is too long
 */
export function unreadable(error: unknown, onBug: (error: unknown) => void): Judgement {
  if (!(error instanceof RangeError)) onBug(error);
  const reason = error instanceof Error ? error.message : String(error);
  return { outcome: 'REPLY_UNREADABLE', message: `the reply could not be read: ${reason}` };
}

/** undici's codes for requests that it does not even try: our arguments were wrong, or the pool was closed. */
const INTERNAL_CODES: ReadonlySet<string> = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_DESTROYED',
  'UND_ERR_CLOSED',
]);

/** True for an error that no target can cause. */
export function isInternalError(error: unknown): boolean {
  return INTERNAL_CODES.has(innermost(error).code);
}

/**
 * How to fix an error, of any kind, that was caused by a limit of this machine.
 * @returns undefined if it was not
 */
export function limitReached(error: unknown): string | undefined {
  const reason = innermost(error);
  return transportOutcome(reason, false) === 'CLIENT_LIMIT' ? LIMITS[reason.code] : undefined;
}

/** True if the answer may still come over another stream after a stream failed with this outcome. */
export function isResumable(failure: Outcome): boolean {
  return failure === 'PROTO_NO_REPLY' || failure === 'NET_RESET_MID';
}

/** What undici says of HTTP/2 streams above the last one that a server processes, and of those that it did not send. */
const NOT_PROCESSED = /^HTTP\/2: "(GOAWAY" frame received|frameError" received - type 1,)/;

/** RFC 9113 §7: the server did not process the stream at all. */
const REFUSED_STREAM = 7;

/** True if an HTTP/2 server has not begun a request, so that it may be sent anew (RFC 9113 §8.7). */
export function wasNeverBegun(error: Error): boolean {
  const { code, http2ErrorCode } = error as Error & { readonly code?: unknown; readonly http2ErrorCode?: unknown };
  return code === 'ERR_HTTP2_STREAM_ERROR' ? http2ErrorCode === REFUSED_STREAM : NOT_PROCESSED.test(error.message);
}

/** Node's own codes, and those of X.509 verification (OpenSSL, X509_verify_cert_error). */
const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH)/;

/** The name of undici's error for bytes that are not HTTP. The error has no code of its own. */
const PARSER_ERROR = 'HTTPParserError';

const FEWER = 'lower maxConnections, or spread the virtual users over more lanes';

/** Resources that this machine may lack to open a connection (POSIX, `socket` and `connect`), and how to fix it. */
const LIMITS: Readonly<Record<string, string>> = {
  EMFILE: `this process has no file descriptor left: raise its limit (ulimit -n), ${FEWER}`,
  ENFILE: `this machine has no file descriptor left: raise its limit (fs.file-max), ${FEWER}`,
  EADDRNOTAVAIL: `this machine has no address or port left to connect from: ${FEWER}`,
  ENOBUFS: `this machine has no memory left for sockets: ${FEWER}`,
};

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
    case 'UND_ERR_INFO':
      return NOT_PROCESSED.test(message) ? 'NET_RESET_PRE' : 'NET_OTHER';
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      // undici's code for any fault in headers that include a length.
      return headersSeen ? 'NET_RESET_MID' : 'NET_HTTP_PARSE';
    case PARSER_ERROR:
      // The connection ended within a chunked body.
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

/** What an error says about its reason; the texts are empty where it says nothing. */
type Reason = { readonly code: string; readonly message: string; readonly address: string };

/** The first error in a chain of causes. Of an aggregate (several addresses were tried), the most informative one. */
function innermost(error: unknown): Reason {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return mostInformative(error.errors.map(innermost));
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
 * The first attempt that reached something; otherwise the first that reached a limit of this machine. On a machine
 * without IPv6, Linux ends an IPv6 attempt with ENETUNREACH or EADDRNOTAVAIL, which does not mean a lack of ports.
 */
function mostInformative(reasons: readonly Reason[]): Reason {
  const possible = reasons.filter(({ code, address }) => code !== 'EADDRNOTAVAIL' || !address.includes(':'));
  const tried = possible.length === 0 ? reasons : possible;
  const outcomeOf = (reason: Reason) => transportOutcome(reason, false);
  const reached = tried.find((reason) => !['NET_OTHER', 'CLIENT_LIMIT'].includes(outcomeOf(reason)));
  return reached ?? tried.find((reason) => outcomeOf(reason) === 'CLIENT_LIMIT') ?? (tried[0] as Reason);
}

/** The facts that decide what a status other than 2xx means. */
type StatusContext = {
  readonly status: number;
  readonly sentSessionId: boolean;
  readonly opensSession: boolean;
  /** True if the credentials were renewed for this request. */
  readonly renewed: boolean;
  /** True if the target has no credentials, or always the same. */
  readonly hasFixedCredentials: boolean;
  readonly challenge: string;
};

/** The outcome of a reply whose HTTP status is not 2xx. */
export function classifyStatus(context: StatusContext, body: string): Outcome {
  const { status, sentSessionId, opensSession, renewed, hasFixedCredentials, challenge } = context;
  if (status >= 300 && status < 400) return 'HTTP_3XX';
  // The specification says 404 for a session that no longer exists. Servers use other statuses with a text that says so.
  if (sentSessionId) {
    if (status === 404) return 'SESS_EXPIRED';
    // Credentials that opened the session are good, and they are still the same.
    if (saysSessionIsLost(body || challenge) || (status === 401 && hasFixedCredentials)) return 'SESS_LOST';
  }
  if (status === 401) return renewed ? 'AUTH_REJECTED' : 'AUTH_401';
  if (status === 403) return INSUFFICIENT_SCOPE.test(challenge) ? 'AUTH_SCOPE' : 'AUTH_403';
  // Servers that limit the number of their sessions refuse initialize with these.
  if (opensSession && (status === 429 || status === 503 || isTaken(body))) return 'SESS_REFUSED';
  const asksForSession = /mcp-session-id|not initialized|no valid session|session not found/i;
  if (status === 400 && !sentSessionId && asksForSession.test(body)) return 'SESS_MISSING';
  return `HTTP_${status}`;
}

/** True for the text with which a server that keeps one session for all clients refuses initialize. */
export function isTaken(text: string): boolean {
  return /\balready (been )?initiali[sz]ed\b/i.test(text);
}

/** The parameter of a challenge (RFC 6750 §3.1) in every form that RFC 9110 §11.2 allows. */
const INSUFFICIENT_SCOPE = /(^|[\s,])error\s*=\s*"?insufficient_scope\b/i;

/** How the body of a successful reply is to be read. */
export type BodyKind = 'json' | 'sse' | 'unreadable';

/** Reads a content type without its parameters, such as the charset. */
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
