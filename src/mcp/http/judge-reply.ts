import { boundedJson, quoted } from '../../plan/bounded-text.ts';
import { type BodyKind, bodyKindOf, classifyStatus, classifyUnreadable, isTaken } from './classify.ts';
import { HEADERS_HELD_AFTER_MS } from './deadline.ts';
import { type ExchangeRequest, headerOf, type JudgedExchange, type ReplyHeaders } from './exchange-request.ts';
import { errorOf, type Judgement, parseJson, type RpcError, type RpcResponse, roleOf, USEFUL } from './json-rpc.ts';
import { lostSessionIn, meansLostSession, saysSessionIsLost } from './lost-session.ts';

/** A server needs no more interim responses (status 1xx, such as 103 Early Hints) to a request than this. */
export const MAX_INTERIM = 50;

/**
 * Judges what the head of a reply decides: a requested stream is open; a request was answered with 202, so no answer will
 * come; a notification was accepted, even if the server never ends the empty body, or opens an event stream for it.
 */
export function judgeHead({ status, replyHeaders, request }: JudgedExchange, kind: BodyKind): Judgement | undefined {
  const { expects } = request;
  if (expects === 'stream') return kind === 'sse' ? USEFUL : undefined;
  if (expects === 'acknowledgement') return judgeAcknowledgement(status, headerOf(replyHeaders, 'content-type'));
  if (status !== 202) return undefined;
  return expects === 'response' ? { outcome: 'PROTO_202', message: 'HTTP 202 to a request' } : undefined;
}

function judgeAcknowledgement(status: number, contentType: string): Judgement | undefined {
  if (status === 202 && contentType === '') return USEFUL;
  if (status < 200 || status >= 300 || bodyKindOf(contentType) !== 'sse') return undefined;
  return { outcome: 'PROTO_NOTIF_ACK', message: `HTTP ${status} with an event stream` };
}

/**
 * True for a notification or a response of ours that the server has accepted, however its reply goes on. The protocol
 * demands 202; clients accept every 2xx.
 */
export function isAcknowledged({ status, request }: JudgedExchange): boolean {
  return request.expects === 'acknowledgement' && status >= 200 && status < 300;
}

/**
 * The warning about an event stream whose headers took long or did not come. Some gateways hold them back until the first
 * event, which may never come.
 * @param socketMs when a connection took the request; undefined if none has
 * @param atMs when the headers came, or when the stream ended without them; both from the start of the request
 */
export function judgeHeldHeaders(
  { expects }: Pick<ExchangeRequest, 'expects'>,
  socketMs: number | undefined,
  atMs: number,
): Judgement | undefined {
  if (expects !== 'stream' || socketMs === undefined || atMs - socketMs < HEADERS_HELD_AFTER_MS) return undefined;
  return { outcome: 'PROTO_HEADERS_HELD', message: `no headers within ${HEADERS_HELD_AFTER_MS} ms` };
}

/**
 * What a JSON-RPC message in a reply decides: `answer` judges the matching response; `stray` judges a message that should
 * not be there, which counts only if no matching response follows.
 */
type MessageJudgement = { readonly answer?: Judgement; readonly stray?: Judgement };

const NEITHER: MessageJudgement = {};

/** Judges one JSON-RPC message of a reply. Notifications and requests from the server decide nothing. */
export function judgeMessage(exchange: JudgedExchange, message: unknown): MessageJudgement {
  const { request } = exchange;
  const role = roleOf(message, request.id);
  if (role === 'other' || request.expects === 'stream') {
    request.peer.onMessage(exchange, message);
    return NEITHER;
  }
  if (role === 'not-json-rpc') {
    const lost = request.sentSessionId ? lostSessionIn(message) : undefined;
    if (lost !== undefined) return { answer: { outcome: 'SESS_LOST', message: lost } };
    return { stray: { outcome: 'PROTO_SHAPE', message: boundedJson(message) } };
  }
  const response = message as RpcResponse;
  const error = errorOf(response);
  // An error about the session often has no id, because the server does not read the request.
  const isForUs = role !== 'id-mismatch' || typeof response.id !== 'number';
  if (error !== undefined && isForUs && request.sentSessionId && meansLostSession(error)) {
    return { answer: { outcome: 'SESS_LOST', message: error.message } };
  }
  if (role === 'id-mismatch') {
    const said = error === undefined ? '' : `: ${error.message}`;
    const text = `answer to id ${boundedJson(response.id, 200)} instead of ${request.id}${said}`;
    return { stray: { outcome: 'PROTO_ID_MISMATCH', message: text } };
  }
  if (error !== undefined) {
    exchange.error = response.error;
    return { answer: judgeError(request, error) };
  }
  exchange.result = response.result;
  const answer = request.peer.judgeResult(exchange);
  if (answer.outcome !== 'OK') return { answer };
  const whole = request.opensSession ? judgeSessionId(exchange.replyHeaders) : answer;
  if (whole.outcome !== 'OK' || role !== 'id-type') return { answer: whole };
  return {
    answer: { ...whole, outcome: 'PROTO_ID_TYPE', message: `id sent back as text: ${quoted(response.id, 200)}` },
  };
}

/** Judges an error in a response. A server that has one session for all refuses a second initialize with some code. */
function judgeError({ opensSession }: ExchangeRequest, { code, message }: RpcError): Judgement {
  return { outcome: opensSession && isTaken(message) ? 'SESS_REFUSED' : `RPC_${code}`, message };
}

/** Characters that can be sent in a header; the protocol allows even fewer (MCP 2025-03-26, "Session Management"). */
const SENDABLE = /^[ -~]*$/;

/**
 * Judges the session id in the reply to initialize. Some servers send the header twice, and an id with characters beyond
 * ASCII could not be sent back.
 */
function judgeSessionId(headers: ReplyHeaders): Judgement {
  const ids = headers['mcp-session-id'];
  if (!SENDABLE.test(headerOf(headers, 'mcp-session-id'))) {
    return { outcome: 'PROTO_SHAPE', message: 'mcp-session-id contains characters beyond visible ASCII' };
  }
  if (!Array.isArray(ids) || ids.length < 2) return USEFUL;
  const distinct = new Set(ids);
  if (distinct.size === 1) return { outcome: 'SESS_DUP', message: `mcp-session-id came ${ids.length} times` };
  return { outcome: 'SESS_AMBIGUOUS', message: `${distinct.size} different values of mcp-session-id` };
}

/** Judges a reply that is read whole as text: all replies except event streams and JSON answers to requests. */
export function judgeReply(exchange: JudgedExchange, body: string): Judgement {
  const { status, replyHeaders, request } = exchange;
  if (request.expects === 'deletion' && BENIGN_DELETE.has(status)) return USEFUL;
  // Revision 2025-11-25, "Listening for Messages from the Server": 405 says that the server offers no such stream.
  if (request.expects === 'stream' && status === 405) return USEFUL;
  if (status < 200 || status >= 300) return judgeFailure(exchange, body);
  if (request.expects === 'acknowledgement') {
    return status === 202 && body === '' ? USEFUL : { outcome: 'PROTO_NOTIF_ACK', message: `HTTP ${status}: ${body}` };
  }
  if (request.expects === 'deletion') return { outcome: `HTTP_${status}`, message: body };
  const encoding = unrequestedEncoding(replyHeaders);
  if (encoding !== '') {
    return { outcome: 'PROTO_CT_OTHER', message: `content-encoding ${encoding}, which no request asked for` };
  }
  if (request.sentSessionId && saysSessionIsLost(body) && !body.trimStart().startsWith('<')) {
    return { outcome: 'SESS_LOST', message: body };
  }
  const outcome = classifyUnreadable(status, headerOf(replyHeaders, 'content-type'), body);
  return { outcome, message: body === '' ? `HTTP ${status} without a body` : body };
}

/** Statuses with which servers end a session, or say that there is nothing to end. */
const BENIGN_DELETE: ReadonlySet<number> = new Set([200, 202, 204, 404, 405]);

/** How the body of a reply is encoded, although no request asks for an encoding; empty if it is not. */
export function unrequestedEncoding(headers: ReplyHeaders): string {
  const encoding = headerOf(headers, 'content-encoding').trim().toLowerCase();
  return encoding === 'identity' ? '' : encoding;
}

function judgeFailure(exchange: JudgedExchange, body: string): Judgement {
  const { status, replyHeaders, request } = exchange;
  const { sentSessionId, opensSession, renewed, hasFixedCredentials = false, peer } = request;
  const error = peer.stateless ? errorIn(exchange, body) : undefined;
  if (error !== undefined) return error;
  // A server may send several challenges, each in a header of its own.
  const challenge = [replyHeaders['www-authenticate'] ?? ''].flat().join(', ');
  const context = { status, sentSessionId, opensSession, renewed, hasFixedCredentials, challenge };
  const outcome = classifyStatus(context, body);
  const location = status < 400 ? headerOf(replyHeaders, 'location') : '';
  // The most useful message: where a redirect, which is not followed, leads; how to authenticate after an empty refusal.
  return { outcome, message: location || body || challenge || `HTTP ${status} without a body` };
}

/**
 * The JSON-RPC error that a server of revision 2026-07-28 sends with a 4xx status: 404 with -32601 for an unknown method,
 * 400 with -32020 to -32022 and -32602.
 */
function errorIn(exchange: JudgedExchange, body: string): Judgement | undefined {
  if (exchange.status !== 400 && exchange.status !== 404) return undefined;
  let response: RpcResponse;
  try {
    response = parseJson(body) as RpcResponse;
  } catch {
    return undefined;
  }
  if (typeof response !== 'object' || response === null) return undefined;
  const error = errorOf(response);
  if (error === undefined || (response.id !== exchange.request.id && response.id != null)) return undefined;
  exchange.error = response.error;
  return { outcome: `RPC_${error.code}`, message: error.message };
}
