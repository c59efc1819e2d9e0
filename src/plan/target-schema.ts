import { z } from 'zod';
import { authSchema } from './auth-schema.ts';
import { headerValue, plainHeaderName } from './header-names.ts';
import { patternSchema } from './linear-pattern.ts';
import { durationSchema, httpUrl } from './primitives.ts';

const MEBIBYTE = 1024 * 1024;

/** Well below the 71 minutes that fit into a sample's 32 bits of microseconds. */
const LONGEST_REQUEST = '30m';

/** Revisions of MCP with Streamable HTTP, newest first. HTTP+SSE of 2024-11-05 is a different transport. */
export const REVISIONS = ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'] as const;
export type Revision = (typeof REVISIONS)[number];

/** A text in a successful result that means failure, e.g. of an exhausted quota. */
const softErrorSchema = z.strictObject({
  pattern: patternSchema,
  outcome: z.enum(['TOOL_QUOTA', 'TOOL_SOFT_ERROR']).default('TOOL_SOFT_ERROR'),
});

/** One MCP server. */
export const targetSchema = z.strictObject({
  url: httpUrl('expected an http or https URL of an MCP endpoint'),
  /** "I have permission to load-test this server." Required for every target that is not on this machine. */
  permission: z.boolean().default(false),
  auth: authSchema.default({ type: 'none' }),
  /** Sent with every request; not for secrets. */
  headers: z.record(plainHeaderName, headerValue).default({}),
  /**
   * `auto` finds out before the load whether the target speaks the stateless revision 2026-07-28. Otherwise it offers
   * 2025-11-25, and the target may answer with an older one. Any other value is the only revision that is accepted.
   */
  protocol: z.enum(['auto', ...REVISIONS]).default('auto'),
  /** Tools that the plan may call although they lack `readOnlyHint: true`. */
  allowWrites: z.array(z.string().min(1)).default([]),
  softErrors: z.array(softErrorSchema).default([]),
  timeouts: z
    .strictObject({
      connect: durationSchema(1, LONGEST_REQUEST).prefault('5s'),
      headers: durationSchema(1, LONGEST_REQUEST).prefault('30s'),
      /** Longest pause within a reply. */
      idle: durationSchema(1, LONGEST_REQUEST).prefault('30s'),
      total: durationSchema(1, LONGEST_REQUEST).prefault('60s'),
    })
    .prefault({}),
  /** Most connections of one process to this target. */
  maxConnections: z.int().min(1).max(10_000).default(256),
  /** Most bytes of one reply; of a stream for messages from the server, of one event. A larger one is REPLY_TOO_LARGE. */
  maxReplyBytes: z
    .int()
    .min(1024)
    .max(64 * MEBIBYTE)
    .default(8 * MEBIBYTE),
  /** Offers HTTP/2 in the TLS handshake; requests then share connections. */
  http2: z.boolean().default(false),
  /** Longest pause of a virtual user when a 429 or 503 asks for one with Retry-After. */
  maxRetryAfter: durationSchema(0, LONGEST_REQUEST).prefault('60s'),
  /**
   * How to treat an event stream that stays open after its answer: `cut` frees its connection after a quarter of a second,
   * like agents that need only the answer; `read` waits for its end.
   */
  heldStreams: z.enum(['cut', 'read']).default('cut'),
  /** Opens the stream for messages from the server (GET) with each session, like interactive clients. */
  eventStream: z.boolean().default(false),
  /** The answer when a server asks the user for input (elicitation): not supported, or the defaults of its form. */
  elicitation: z.enum(['none', 'defaults']).default('none'),
});

export type Target = z.output<typeof targetSchema>;
