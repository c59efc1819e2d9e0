import { z } from 'zod';
import { authSchema } from './auth-schema.ts';
import { durationSchema, headerName, httpUrl } from './primitives.ts';

/** Half of the 71 minutes that a sample's 32 bits of microseconds reach. */
const LONGEST_REQUEST = '30m';

/** Headers that the protocol fills in; a plan that set them would test something else than MCP. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'last-event-id',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'mcp-session-id',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);
const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

const plainHeaderName = headerName
  .refine((name) => !SECRET_HEADERS.has(name.toLowerCase()), 'expected no header that carries a secret; use `auth`')
  .refine((name) => !isOwnHeader(name.toLowerCase()), 'expected no header that the protocol fills in');
const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, 'expected printable ASCII text');

/** Revisions of MCP over Streamable HTTP, newest first. HTTP+SSE of 2024-11-05 is another transport. */
export const REVISIONS = ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'] as const;
export type Revision = (typeof REVISIONS)[number];

/** A text that stands in an ordinary result although the call went wrong, e.g. an exhausted quota. */
const softErrorSchema = z.strictObject({
  pattern: z.string().refine(isRegExp, 'expected a JavaScript regular expression'),
  outcome: z.enum(['TOOL_QUOTA', 'TOOL_SOFT_ERROR']).default('TOOL_SOFT_ERROR'),
});

/** One MCP server. */
export const targetSchema = z.strictObject({
  url: httpUrl('expected an http or https URL of an MCP endpoint'),
  /** "I may load-test this server." Required for every target that is not on this machine. */
  permission: z.boolean().default(false),
  auth: authSchema.default({ type: 'none' }),
  /** Sent with every request; for values that are no secrets. */
  headers: z.record(plainHeaderName, headerValue).default({}),
  /**
   * `auto` finds out once, before the load, whether the target speaks the stateless revision 2026-07-28, and otherwise
   * offers 2025-11-25, which it may answer with an older one. A revision that is named here is the only one accepted.
   */
  protocol: z.enum(['auto', ...REVISIONS]).default('auto'),
  /** Tools without `readOnlyHint: true` that the plan may call all the same. */
  allowWrites: z.array(z.string().min(1)).default([]),
  softErrors: z.array(softErrorSchema).default([]),
  timeouts: z
    .strictObject({
      connect: durationSchema(1, LONGEST_REQUEST).prefault('5s'),
      headers: durationSchema(1, LONGEST_REQUEST).prefault('30s'),
      /** Longest silence within a reply. */
      idle: durationSchema(1, LONGEST_REQUEST).prefault('30s'),
      total: durationSchema(1, LONGEST_REQUEST).prefault('60s'),
    })
    .prefault({}),
  /** How many connections one process may hold to this target. */
  maxConnections: z.int().min(1).max(10_000).default(256),
  /** Offers HTTP/2 in the TLS handshake; requests then share connections. */
  http2: z.boolean().default(false),
  /** Longest pause that a virtual user makes when a 429 or 503 asks for one with Retry-After. */
  maxRetryAfter: durationSchema(0, LONGEST_REQUEST).prefault('60s'),
  /**
   * What becomes of an event stream that stays open after its answer: `cut` frees its connection after a quarter of a
   * second, as agents do that need an answer only once; `read` waits for its end.
   */
  heldStreams: z.enum(['cut', 'read']).default('cut'),
  /** Opens the stream for messages from the server (GET) beside each session, as interactive clients do. */
  eventStream: z.boolean().default(false),
  /**
   * What a server is told that asks the user for input (elicitation): that we cannot, or the defaults of its own form.
   */
  elicitation: z.enum(['none', 'defaults']).default('none'),
});

export type Target = z.output<typeof targetSchema>;

/** True when the text is a JavaScript regular expression in Unicode mode. */
export function isRegExp(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}

function isOwnHeader(name: string): boolean {
  return OWN_HEADERS.has(name) || name.startsWith('mcp-param-');
}
