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
