import { USEFUL } from '../operations/tool-result.ts';
import { classifyStatus, classifyUnreadable, type Judgement } from './classify.ts';
import type { JudgedExchange } from './exchange-request.ts';
import { headerOf } from './header.ts';
import { errorOf, type RpcResponse, roleOf } from './json-rpc.ts';

/** Statuses with which servers end, or need not end, a session. */
const BENIGN_DELETE: ReadonlySet<number> = new Set([200, 202, 204, 404, 405]);

/** Judges a reply that is read whole as text: all but event streams and JSON answers to requests. */
export function judgeReply(exchange: JudgedExchange, body: string): Judgement {
  const { status, replyHeaders, request } = exchange;
  if (request.expects === 'deletion' && BENIGN_DELETE.has(status)) return USEFUL;
  if (status < 200 || status >= 300) {
    // A server may send several challenges, each in a header of its own.
    const challenge = [replyHeaders['www-authenticate'] ?? ''].flat().join(', ');
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
 * What a JSON-RPC message of a reply decides: `answer` is the judgement of the matching response, `stray` that of a
 * message that should not be there, which counts only when no matching response follows.
 */
export type MessageJudgement = { readonly answer?: Judgement; readonly stray?: Judgement };

const NEITHER: MessageJudgement = {};

/** Judges one JSON-RPC message of a reply; notifications and requests of the server's decide nothing. */
export function judgeMessage(exchange: JudgedExchange, message: unknown): MessageJudgement {
  const role = roleOf(message, exchange.request.id);
  if (role === 'other') return NEITHER;
  if (role === 'not-json-rpc') return { stray: { outcome: 'PROTO_SHAPE', message: JSON.stringify(message) } };
  const response = message as RpcResponse;
  const error = errorOf(response);
  if (role === 'id-mismatch') {
    const said = error === undefined ? '' : `: ${error.message}`;
    const text = `answer to id ${JSON.stringify(response.id)} instead of ${exchange.request.id}${said}`;
    return { stray: { outcome: 'PROTO_ID_MISMATCH', message: text } };
  }
  if (error !== undefined) return { answer: { outcome: `RPC_${error.code}`, message: error.message } };
  exchange.result = response.result;
  const answer = exchange.request.judge(response.result);
  if (role === 'id-type' && answer.outcome === 'OK')
    return { answer: { outcome: 'PROTO_ID_TYPE', message: `id sent back as text: ${response.id}` } };
  return { answer };
}
