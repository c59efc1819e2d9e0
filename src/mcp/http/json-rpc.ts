import type { Outcome } from '../../sample/outcome.ts';
import type { Tool } from '../operations/tool.ts';

/** The first value of a reply header, by its lower-case name; empty when it is absent. */
export function headerOf(headers: Readonly<Record<string, string | string[] | undefined>>, name: string): string {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

/** A JSON-RPC 2.0 error object. */
export type RpcError = { readonly code: number; readonly message: string };

/** The answer to a request of ours. */
export type RpcResponse = { readonly id: unknown; readonly result?: unknown; readonly error?: unknown };

/** A request or notification of the server's. */
export type ServerMessage = { readonly method: string; readonly id?: unknown; readonly params?: unknown };

/** What a parsed message is to the request that waits for id `id`. */
export type MessageRole = 'match' | 'id-type' | 'id-mismatch' | 'other' | 'not-json-rpc';

/**
 * Tells what a message is. A response has `result` or `error`, no `method`, and the request's id: server requests have
 * ids of their own, so an id alone proves nothing.
 */
export function roleOf(message: unknown, id: number): MessageRole {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return 'not-json-rpc';
  if (isServerMessage(message)) return 'other';
  const response = message as RpcResponse;
  if (hasError(response) ? errorOf(response) === undefined : !('result' in message)) return 'not-json-rpc';
  if (response.id === id) return 'match';
  return response.id === String(id) ? 'id-type' : 'id-mismatch';
}

/** The error of a response; undefined when there is none or it is not what JSON-RPC calls an error. */
export function errorOf(response: RpcResponse): RpcError | undefined {
  const { error } = response;
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (!Number.isSafeInteger(code)) return undefined;
  return { code: code as number, message: typeof message === 'string' ? message : JSON.stringify(error) };
}

/** Servers of older JSON-RPC send `"error":null` along with their result. */
function hasError({ error }: RpcResponse): boolean {
  return error !== undefined && error !== null;
}

/** True for a request or notification of the server's. */
export function isServerMessage(message: unknown): message is ServerMessage {
  if (typeof message !== 'object' || message === null) return false;
  return typeof (message as { method?: unknown }).method === 'string';
}

/** An outcome and what the target said with it. */
export type Judgement = { readonly outcome: Outcome; readonly message: string };

/** The judgement of an answer with which nothing is wrong. */
export const USEFUL: Judgement = { outcome: 'OK', message: '' };

/**
 * Looks at the result of a JSON-RPC response that succeeded; may find that it did not, after all. The tool is what the
 * session's tools/list said of the tool that was called, if one was.
 */
export type ResultJudge = (result: unknown, tool?: Tool) => Judgement;
