import { z } from 'zod';

const message = z.object({ method: z.string(), params: z.object({ name: z.unknown() }).partial().optional() });

/** Methods with a row of their own; anything else a client makes up shares one, so that the rows stay few. */
const knownMethods = new Set([
  'initialize',
  'notifications/initialized',
  'notifications/cancelled',
  'tools/list',
  'ping',
  'server/discover',
]);

/**
 * The operation that an HTTP request to `/mcp` counts as: `GET` or `DELETE`, else the JSON-RPC method of the body,
 * for a tool call with the tool's name (`tools/call:get_me`). `tools/call:(unknown)` for a tool that is not among
 * `toolNames`, and `(other)` for everything that fits nowhere: unknown methods, batches, replies and broken bodies.
 */
export function operationOf(httpMethod: string | undefined, body: unknown, toolNames: ReadonlySet<string>): string {
  if (httpMethod === 'GET' || httpMethod === 'DELETE') return httpMethod;
  const parsed = message.safeParse(body);
  if (!parsed.success) return '(other)';
  const { method, params } = parsed.data;
  if (method !== 'tools/call') return knownMethods.has(method) ? method : '(other)';
  const name = params?.name;
  return typeof name === 'string' && toolNames.has(name) ? `tools/call:${name}` : 'tools/call:(unknown)';
}
