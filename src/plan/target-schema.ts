import { z } from 'zod';
import { durationSchema } from './duration.ts';

/** Key Vault's rule for the names of secrets. */
const secretName = z
  .string('expected the name of a secret')
  .regex(
    /^[0-9A-Za-z-]{1,127}$/,
    'expected the name of a secret: 1 to 127 letters, digits or dashes, never the secret itself',
  );

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'expected an HTTP header name');
const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, 'expected printable ASCII text');

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
    tokenUrl: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }),
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
  url: z
    .url({ protocol: /^https?$/, error: 'expected an http or https URL of an MCP endpoint' })
    .refine(
      (url) => !URL.canParse(url) || new URL(url).username === '',
      'expected no user name in the URL; use `auth`',
    ),
  /** "I may load-test this server." Required for every target that is not on this machine. */
  permission: z.boolean().default(false),
  auth: authSchema.default({ type: 'none' }),
  /** Sent with every request; for values that are no secrets. */
  headers: z.record(headerName, headerValue).default({}),
  /** The protocol revision to offer; the server may answer with an older one. */
  protocolVersion: z.enum(['2025-03-26', '2025-06-18', '2025-11-25']).default('2025-11-25'),
  /** Tools without `readOnlyHint: true` that the plan may call all the same. */
  allowWrites: z.array(z.string().min(1)).default([]),
  softErrors: z.array(softErrorSchema).default([]),
  timeouts: z
    .strictObject({
      connect: durationSchema(1).prefault('5s'),
      headers: durationSchema(1).prefault('30s'),
      /** Longest silence within a reply. */
      idle: durationSchema(1).prefault('30s'),
      total: durationSchema(1).prefault('60s'),
    })
    .prefault({}),
  /** How many connections one process may hold to this target. */
  maxConnections: z.int().min(1).max(10_000).default(256),
});

export type Auth = z.output<typeof authSchema>;
export type Target = z.output<typeof targetSchema>;

export function isRegExp(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}
