import { z } from 'zod';
import { durationSchema } from './primitives.ts';

/** Highest rate of a stage or scenario; keeps every count far below what a sample's column can hold. */
const MAX_RATE = 1_000_000;
const vus = z.int().min(1).max(1_000_000);

/** Changes of a scenario's level. Each stage starts at the end of the one before; a stage of no length is a jump. */
function stagesSchema<Target extends z.ZodType>(target: Target) {
  return z
    .array(z.strictObject({ duration: durationSchema(), target }))
    .min(1, 'expected at least one stage')
    .refine(
      (stages) => stages.some(({ duration }) => duration > 0),
      'expected at least one stage that is longer than 0s',
    );
}

const rate = z.number().positive().max(MAX_RATE);
/** The time unit of a rate: `rate: 30` with `timeUnit: 1m` is one start every two seconds. */
const timeUnit = durationSchema(1).prefault('1s');

const arrivalVus = {
  /** Virtual users that exist from the start. */
  preAllocatedVUs: vus,
  /** Most virtual users, including those added when all are busy; a start that finds none free is a dropped iteration. */
  maxVUs: vus.optional(),
};

/** The keys of each executor in addition to those of all scenarios; names and meanings are k6's. */
export const EXECUTORS = {
  'constant-vus': { vus, duration: durationSchema(1000) },
  'ramping-vus': {
    startVUs: z.int().min(0).max(1_000_000).default(0),
    stages: stagesSchema(z.int().min(0).max(1_000_000)),
    /** How long a removed virtual user may continue its iteration. */
    gracefulRampDown: durationSchema(0, '10m').prefault('30s'),
  },
  'constant-arrival-rate': { rate, timeUnit, duration: durationSchema(1000), ...arrivalVus },
  'ramping-arrival-rate': {
    startRate: z.number().min(0).max(MAX_RATE).default(0),
    timeUnit,
    stages: stagesSchema(z.number().min(0).max(MAX_RATE)),
    ...arrivalVus,
  },
  /** Each virtual user makes this many iterations. */
  'per-vu-iterations': {
    vus,
    iterations: z.int().min(1).max(10_000_000),
    maxDuration: durationSchema(1000, '20m').prefault('10m'),
  },
  /** The virtual users share this many iterations; a free one takes the next. */
  'shared-iterations': {
    vus,
    iterations: z.int().min(1).max(10_000_000),
    maxDuration: durationSchema(1000, '20m').prefault('10m'),
  },
} as const;

export type ExecutorName = keyof typeof EXECUTORS;

const rangeSchema = z
  .strictObject({ min: durationSchema(), max: durationSchema() })
  .refine((range) => range.min <= range.max, { message: 'expected min to be at most max', path: ['min'] });

/** A pause of a virtual user, drawn again each time. */
export const thinkTimeSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({ type: z.literal('constant'), duration: durationSchema() }),
  z.strictObject({ type: z.literal('uniform'), range: rangeSchema }),
  /** Half of all pauses are shorter than the median; sigma is the standard deviation of their logarithm. */
  z.strictObject({
    type: z.literal('lognormal'),
    median: durationSchema(1),
    sigma: z.number().positive().max(5).default(0.5),
    /** The longest pause; a lognormal distribution alone has no upper limit. */
    max: durationSchema(1).prefault('10m'),
  }),
  /** Pauses like an agent: short between the calls of one turn, long while a person reads and writes. */
  z.strictObject({
    type: z.literal('agent'),
    /** Probability that the next call belongs to the same turn. */
    intraTurnProbability: z.number().min(0).max(1).default(0.8),
    intraTurn: rangeSchema.prefault({ min: '500ms', max: '2s' }),
    interTurn: rangeSchema.prefault({ min: '8s', max: '45s' }),
  }),
]);

export type ThinkTime = z.output<typeof thinkTimeSchema>;

/** How virtual users open and close their MCP sessions. */
export const sessionSchema = z.strictObject({
  /** One session for each call, for each iteration, or for the virtual user's whole time. */
  reuse: z.enum(['call', 'iteration', 'vu']).default('vu'),
  /** `delete` ends the session with DELETE; `abandon` drops it, like a client that crashes; a share does both. */
  close: z
    .union(
      [z.enum(['delete', 'abandon']), z.strictObject({ abandon: z.number().min(0).max(1) })],
      'expected "delete", "abandon" or {abandon: share between 0 and 1}',
    )
    .transform((close) => (typeof close === 'object' ? close : { abandon: close === 'abandon' ? 1 : 0 }))
    .prefault('delete'),
  /** A call after this long a pause of its session is reported separately, as first after an idle gap. */
  idleAfter: durationSchema(1).prefault('30s'),
});
