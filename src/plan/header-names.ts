import { z } from 'zod';

/**
 * Headers that MCP or HTTP sets. A plan that changed them would not test MCP, and could make one request look like two to
 * a server behind a proxy.
 */
const PROTOCOL_HEADERS: ReadonlySet<string> = new Set([
  ...['accept', 'accept-encoding', 'connection', 'content-encoding', 'content-length', 'content-type', 'expect'],
  ...['host', 'http2-settings', 'keep-alive', 'last-event-id', 'mcp-method', 'mcp-name', 'mcp-protocol-version'],
  ...['mcp-session-id', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'user-agent'],
]);
const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** The name of a header with a secret: a token (RFC 9110 §5.6.2) that is not one of the protocol's own headers. */
export const secretHeaderName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'expected an HTTP header name')
  .refine((name) => !isProtocolHeader(name.toLowerCase()), 'expected no header that the protocol sets itself');

/** The name of a header whose value stands in the plan. */
export const plainHeaderName = secretHeaderName.refine(
  (name) => !SECRET_HEADERS.has(name.toLowerCase()),
  'expected no header that carries a secret; use `auth` instead',
);

/** The value of such a header. */
export const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, 'expected printable ASCII text');

/** Arguments of tools are mirrored in `Mcp-Param-*`. @param name in lower case */
function isProtocolHeader(name: string): boolean {
  return PROTOCOL_HEADERS.has(name) || name.startsWith('mcp-param-');
}
