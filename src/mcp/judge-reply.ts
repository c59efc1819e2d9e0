import { classifyStatus, classifyUnreadable, type Judgement } from './classify.ts';
import type { Exchange } from './exchange.ts';
import { headerOf } from './header.ts';
import { type RpcResponse, roleOf } from './json-rpc.ts';
import { USEFUL } from './tool-result.ts';

/** Statuses with which servers end, or need not end, a session. */
const BENIGN_DELETE: ReadonlySet<number> = new Set([200, 202, 204, 404, 405]);

/** Judges a reply that is read whole as text: all but event streams and JSON answers to requests. */
export function judgeReply(exchange: Exchange, body: string): Judgement {
  const { status, replyHeaders, request } = exchange;
  if (request.expects === 'deletion' && BENIGN_DELETE.has(status)) return USEFUL;
  if (status < 200 || status >= 300) {
    const challenge = headerOf(replyHeaders, 'www-authenticate');
    return {
      outcome: classifyStatus({ status, sentSessionId: request.sentSessionId, challenge }, body),
      message: body,
    };
  }
  if (request.expects === 'acknowledgement') {
    return status === 202 && body === '' ? USEFUL : { outcome: 'PROTO_NOTIF_ACK', message: `HTTP ${status}: ${body}` };
  }
  if (request.expects === 'deletion') return { outcome: `HTTP_${status}`, message: body };
  return { outcome: classifyUnreadable(status, headerOf(replyHeaders, 'content-type'), body), message: body };
}

/**
 * Judges one JSON-RPC message of a reply.
 * @returns undefined for a message that is not the answer, such as a notification or a request of the server's
 */
export function judgeMessage(exchange: Exchange, message: unknown): Judgement | undefined {
  const role = roleOf(message, exchange.request.id);
  if (role === 'other') return undefined;
  if (role === 'not-json-rpc') return { outcome: 'PROTO_SHAPE', message: JSON.stringify(message) };
  const response = message as RpcResponse;
  if (role === 'id-mismatch') {
    return {
      outcome: 'PROTO_ID_MISMATCH',
      message: `answer to id ${JSON.stringify(response.id)} instead of ${exchange.request.id}`,
    };
  }
  if (response.error !== undefined) return { outcome: `RPC_${response.error.code}`, message: response.error.message };
  exchange.result = response.result;
  const judgement = exchange.request.judge(response.result);
  if (role === 'id-type' && judgement.outcome === 'OK')
    return { outcome: 'PROTO_ID_TYPE', message: `id sent back as text: ${response.id}` };
  return judgement;
}
