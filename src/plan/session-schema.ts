import { z } from 'zod';
import { durationSchema } from './primitives.ts';

/** How virtual users keep their MCP sessions. */
export const sessionSchema = z.strictObject({
  /** A session for each call, for each iteration, or for as long as the virtual user works. */
  reuse: z.enum(['call', 'iteration', 'vu']).default('vu'),
  /** Says goodbye with DELETE, or just goes away as clients that crash do; `abandon` as a share does both. */
  close: z
    .union(
      [z.enum(['delete', 'abandon']), z.strictObject({ abandon: z.number().min(0).max(1) })],
      'expected "delete", "abandon" or {abandon: share between 0 and 1}',
    )
    .transform((close) => (typeof close === 'object' ? close : { abandon: close === 'abandon' ? 1 : 0 }))
    .prefault('delete'),
  /** A call that follows this long a silence of its session is reported apart, as first after an idle gap. */
  idleAfter: durationSchema(1).prefault('30s'),
});

export type SessionPlan = z.output<typeof sessionSchema>;
