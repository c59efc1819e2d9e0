import { boundedJson } from '../../plan/bounded-text.ts';
import type { Outcome } from '../../sample/outcome.ts';
import type { CheckResults } from '../../sample/sample.ts';
import type { Tool } from '../operations/tool.ts';

/** The answer to one of our requests. */
export type RpcResponse = { readonly id: unknown; readonly result?: unknown; readonly error?: unknown };

/** A JSON-RPC 2.0 error object. */
export type RpcError = { readonly code: number; readonly message: string };

/** A request or notification from the server. */
export type ServerMessage = { readonly method: string; readonly id?: unknown; readonly params?: unknown };

/** What a parsed message is to the request that waits for the response with a certain id. */
type MessageRole = 'match' | 'id-type' | 'id-mismatch' | 'other' | 'not-json-rpc';

/**
 * Tells what a message is to the request with this id. A response has `result` or `error`, no `method`, and the request's
 * id. The id alone is not enough, because servers number their own requests.
 */
export function roleOf(message: unknown, id: number): MessageRole {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return 'not-json-rpc';
  if (isServerMessage(message)) return 'other';
  const response = message as RpcResponse;
  if (hasError(response) ? errorOf(response) === undefined : !('result' in message)) return 'not-json-rpc';
  if (response.id === id) return 'match';
  return response.id === String(id) ? 'id-type' : 'id-mismatch';
}

/**
 * Parses JSON as `fetch().json()` does: a byte order mark at its beginning is skipped (RFC 8259 §8.1 lets a reader do so).
 * @throws SyntaxError when it is not JSON
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
}

export const BYTE_ORDER_MARK = 0xfeff;

/** The error of a response; undefined if it has none, or one that is not valid JSON-RPC. */
export function errorOf(response: RpcResponse): RpcError | undefined {
  const { error } = response;
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (!Number.isSafeInteger(code)) return undefined;
  return { code: code as number, message: typeof message === 'string' ? message : boundedJson(error) };
}

/** True for a request or notification from the server. */
export function isServerMessage(message: unknown): message is ServerMessage {
  if (typeof message !== 'object' || message === null) return false;
  return typeof (message as { method?: unknown }).method === 'string';
}

/** Servers with an older version of JSON-RPC send `"error":null` along with a result. */
function hasError({ error }: RpcResponse): boolean {
  return error !== undefined && error !== null;
}

/** An outcome, and the message of the target or the failure that goes with it. */
export type Judgement = {
  readonly outcome: Outcome;
  readonly message: string;
  /** The checks that ran on the result. */
  readonly checks?: CheckResults | undefined;
};

/** The judgement of an answer without any fault. */
export const USEFUL: Judgement = { outcome: 'OK', message: '' };

/**
 * Judges the result of a successful JSON-RPC response, which may still report a failure.
 * @param tool what tools/list said of the tool that was called; undefined for other calls
 */
export type ResultJudge = (result: unknown, tool?: Tool) => Judgement;
