/** A JSON-RPC 2.0 error object. */
export type RpcError = { readonly code: number; readonly message: string };

/** The answer to a request of ours. */
export type RpcResponse = { readonly id: unknown; readonly result?: unknown; readonly error?: RpcError };

/** What a parsed message is to the request that waits for id `id`. */
export type MessageRole = 'match' | 'id-type' | 'id-mismatch' | 'other' | 'not-json-rpc';

/**
 * Tells what a message is. A response has `result` or `error`, no `method`, and the request's id: server requests have
 * ids of their own, so an id alone proves nothing.
 */
export function roleOf(message: unknown, id: number): MessageRole {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return 'not-json-rpc';
  if ('method' in message) return 'other';
  if (!('result' in message) && !isRpcError((message as RpcResponse).error)) return 'not-json-rpc';
  const got = (message as RpcResponse).id;
  if (got === id) return 'match';
  return got === String(id) ? 'id-type' : 'id-mismatch';
}

function isRpcError(error: unknown): error is RpcError {
  return typeof error === 'object' && error !== null && typeof (error as RpcError).code === 'number';
}

/** A request body cut before and after its id, so that sending it again means joining two strings. */
export type PreparedRequest = { readonly operation: string; readonly head: string; readonly tail: string };

/** Serialises a request ahead of its sending. */
export function prepareRequest(method: string, params: unknown, operation = method): PreparedRequest {
  return frameRequest(method, JSON.stringify(params), operation);
}

/** Puts params that are JSON already into a request. */
export function frameRequest(method: string, params: string, operation: string): PreparedRequest {
  return { operation, head: '{"jsonrpc":"2.0","id":', tail: `,"method":${JSON.stringify(method)},"params":${params}}` };
}
