import { z } from 'zod';
import { durationSchema } from './duration.ts';

/** Half of the 71 minutes that a sample's 32 bits of microseconds reach. */
const LONGEST_REQUEST = '30m';

/** Key Vault's rule for the names of secrets. */
const secretName = z
  .string('expected the name of a secret')
  .regex(
    /^[0-9A-Za-z-]{1,127}$/,
    'expected the name of a secret: 1 to 127 letters, digits or dashes, never the secret itself',
  );

/** Headers that the protocol fills in; a plan that set them would test something else than MCP. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'mcp-protocol-version',
  'mcp-session-id',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);
const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'expected an HTTP header name');
const plainHeaderName = headerName
  .refine((name) => !SECRET_HEADERS.has(name.toLowerCase()), 'expected no header that carries a secret; use `auth`')
  .refine((name) => !OWN_HEADERS.has(name.toLowerCase()), 'expected no header that the protocol fills in');
const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, 'expected printable ASCII text');

/** An http or https URL without user name and password. */
function httpUrl(expected: string) {
  return z.url({ protocol: /^https?$/, error: expected }).refine((url) => {
    if (!URL.canParse(url)) return true;
    const { username, password } = new URL(url);
    return username === '' && password === '';
  }, 'expected no user name and no password in the URL; use `auth`');
}

/** How requests to a target prove who sends them. Secrets are named, never contained. */
export const authSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  /** `Authorization: Bearer <secret>`. */
  z.strictObject({ type: z.literal('bearer'), secret: secretName }),
  /** Any header whose whole value is the secret, e.g. `X-API-Key`. */
  z.strictObject({ type: z.literal('header'), name: headerName, secret: secretName }),
  /** A token from an OAuth 2 token endpoint, by the client credentials grant (RFC 6749 §4.4). */
  z.strictObject({
    type: z.literal('client-credentials'),
    tokenUrl: httpUrl('expected an http or https URL'),
    clientId: z.string().min(1),
    clientSecret: secretName,
    scope: z.string().min(1).optional(),
  }),
  /** A Microsoft Entra token of the app's managed identity, or on a laptop of the developer's login. */
  z.strictObject({ type: z.literal('entra'), scope: z.string().min(1) }),
]);

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
  /** The protocol revision to offer; the server may answer with an older one. */
  protocolVersion: z.enum(['2025-03-26', '2025-06-18', '2025-11-25']).default('2025-11-25'),
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
});

export type Auth = z.output<typeof authSchema>;
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
