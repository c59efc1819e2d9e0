import type { Target } from '../../plan/target-schema.ts';
import type { ServerMessage } from '../http/json-rpc.ts';
import { answerElicitation } from '../operations/answer-elicitation.ts';

/** JSON-RPC 2.0: the method does not exist, which is what clients answer for what they did not declare. */
const METHOD_NOT_FOUND = -32601;

/** Requests of servers that the protocol knows; others share one operation, as a server may make up any number. */
const KNOWN: ReadonlySet<string> = new Set(['ping', 'elicitation/create', 'sampling/createMessage', 'roots/list']);

/** A response to the server, as JSON text, and what its sample is counted under. */
export type ServerAnswer = { readonly operation: string; readonly body: string };

/**
 * The response to a request of the server's; undefined for notifications, which get none. `ping` gets its empty result,
 * an elicitation what the plan lets us answer, all else that we do not have it: sampling and roots are never declared.
 */
export function answerServer(message: ServerMessage, elicitation: Target['elicitation']): ServerAnswer | undefined {
  const { id, method, params } = message;
  if (typeof id !== 'string' && typeof id !== 'number') return undefined;
  const operation = KNOWN.has(method) ? `response:${method}` : 'response';
  const result = resultOf(method, params, elicitation);
  if (result !== undefined) return { operation, body: JSON.stringify({ jsonrpc: '2.0', id, result }) };
  const error = { code: METHOD_NOT_FOUND, message: `this client does not have ${method}` };
  return { operation, body: JSON.stringify({ jsonrpc: '2.0', id, error }) };
}

function resultOf(method: string, params: unknown, elicitation: Target['elicitation']): object | undefined {
  if (method === 'ping') return {};
  if (method === 'elicitation/create' && elicitation === 'defaults') return answerElicitation(params);
  return undefined;
}
