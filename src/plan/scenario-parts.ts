import { z } from 'zod';
import { durationSchema } from './primitives.ts';

/** The most a stage or a rate may ask for, so that every count stays far below what a sample's column holds. */
const MAX_RATE = 1_000_000;
const vus = z.int().min(1).max(1_000_000);

/** Where a scenario changes, each stage from where the one before ended; a stage of no length is a jump. */
function stagesOf<Target extends z.ZodType>(target: Target) {
  return z
    .array(z.strictObject({ duration: durationSchema(), target }))
    .min(1, 'expected at least one stage')
    .refine((stages) => stages.some(({ duration }) => duration > 0), 'expected a stage that lasts longer than 0s');
}

const rate = z.number().positive().max(MAX_RATE);
/** What a rate counts in: `rate: 30` with `timeUnit: 1m` is one start every two seconds. */
const timeUnit = durationSchema(1).prefault('1s');

const arrivalVus = {
  /** Virtual users that are there from the start. */
  preAllocatedVUs: vus,
  /** How many more may be made when all are busy; a start that finds none is a dropped iteration. */
  maxVUs: vus.optional(),
};

/** Keys that each executor has beside those of all scenarios; names and meaning are k6's. */
export const EXECUTORS = {
  'constant-vus': { vus, duration: durationSchema(1000) },
  'ramping-vus': {
    startVUs: z.int().min(0).max(1_000_000).default(0),
    stages: stagesOf(z.int().min(0).max(1_000_000)),
    /** How long a virtual user that is taken away may go on with its iteration. */
    gracefulRampDown: durationSchema(0, '10m').prefault('30s'),
  },
  'constant-arrival-rate': { rate, timeUnit, duration: durationSchema(1000), ...arrivalVus },
  'ramping-arrival-rate': {
    startRate: z.number().min(0).max(MAX_RATE).default(0),
    timeUnit,
    stages: stagesOf(z.number().min(0).max(MAX_RATE)),
    ...arrivalVus,
  },
  /** Each virtual user does so many iterations. */
  'per-vu-iterations': {
    vus,
    iterations: z.int().min(1).max(10_000_000),
    maxDuration: durationSchema(1000, '20m').prefault('10m'),
  },
  /** So many iterations in all; whoever is free takes the next. */
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
