import { z } from 'zod';
import { durationSchema } from './duration.ts';
import { stepSchema } from './step-schema.ts';

const rangeSchema = z
  .strictObject({ min: durationSchema(), max: durationSchema() })
  .refine((range) => range.min <= range.max, { message: 'expected min to be at most max', path: ['min'] });

/** The pause of a virtual user between two iterations. */
export const thinkTimeSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({ type: z.literal('constant'), duration: durationSchema() }),
  z.strictObject({ type: z.literal('uniform'), range: rangeSchema }),
  /** As an agent pauses: shortly between the calls of one turn, long while a person reads and writes. */
  z.strictObject({
    type: z.literal('agent'),
    /** Chance that the next call belongs to the same turn. */
    intraTurnProbability: z.number().min(0).max(1).default(0.8),
    intraTurn: rangeSchema.prefault({ min: '500ms', max: '2s' }),
    interTurn: rangeSchema.prefault({ min: '8s', max: '45s' }),
  }),
]);

/** One kind of traffic aimed at one target. */
export const scenarioSchema = z.strictObject({
  target: z.string(),
  /** A fixed number of virtual users, each in a loop: call, think, call. */
  executor: z.literal('constant-vus', 'expected an executor: "constant-vus"'),
  vus: z.int().min(1),
  duration: durationSchema(1000),
  /** From the start of the run. */
  startTime: durationSchema().prefault('0s'),
  /** How long an iteration in progress may go on after the end. */
  gracefulStop: durationSchema(0, '10m').prefault('30s'),
  thinkTime: thinkTimeSchema.default({ type: 'none' }),
  steps: z.array(stepSchema).min(1, 'expected at least one step'),
});

export type ThinkTime = z.output<typeof thinkTimeSchema>;
export type Scenario = z.output<typeof scenarioSchema>;
