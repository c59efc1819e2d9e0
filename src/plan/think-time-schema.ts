import { z } from 'zod';
import { durationSchema } from './primitives.ts';

const rangeSchema = z
  .strictObject({ min: durationSchema(), max: durationSchema() })
  .refine((range) => range.min <= range.max, { message: 'expected min to be at most max', path: ['min'] });

/** A pause of a virtual user, drawn anew each time. */
export const thinkTimeSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({ type: z.literal('constant'), duration: durationSchema() }),
  z.strictObject({ type: z.literal('uniform'), range: rangeSchema }),
  /** Half of all pauses are shorter than the median; sigma is the standard deviation of their logarithm. */
  z.strictObject({
    type: z.literal('lognormal'),
    median: durationSchema(1),
    sigma: z.number().positive().max(5).default(0.5),
    /** No pause is longer: a lognormal's tail has no end. */
    max: durationSchema(1).prefault('10m'),
  }),
  /** As an agent pauses: shortly between the calls of one turn, long while a person reads and writes. */
  z.strictObject({
    type: z.literal('agent'),
    /** Chance that the next call belongs to the same turn. */
    intraTurnProbability: z.number().min(0).max(1).default(0.8),
    intraTurn: rangeSchema.prefault({ min: '500ms', max: '2s' }),
    interTurn: rangeSchema.prefault({ min: '8s', max: '45s' }),
  }),
]);

export type ThinkTime = z.output<typeof thinkTimeSchema>;
