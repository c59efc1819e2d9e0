import { z } from 'zod';
import { feedSchema, type ReadFile } from './feed.ts';
import { VALUE_NAME } from './placeholder.ts';
import { durationSchema, isSchedule } from './primitives.ts';
import { scenarioProblems } from './scenario-problems.ts';
import { scenarioSchema } from './scenario-schema.ts';
import { targetSchema } from './target-schema.ts';
import { thresholdsSchema } from './threshold.ts';

const share = z.number().min(0).max(1);

/**
 * What the generator must have achieved for its figures to count. A rule that is broken makes the verdict `invalid`.
 */
export const generatorRulesSchema = z.strictObject({
  /** p99 of the delay of timers in the process that makes the load; above it, latencies are partly our own. */
  maxEventLoopDelay: durationSchema(1).prefault('100ms'),
  /** How late a slice may begin. */
  maxStartDelay: durationSchema().prefault('2s'),
  /** Slices that may vanish, as a share of all. */
  maxLostSlices: share.default(0),
  /** CPU seconds a second of the process; a process that makes load on one thread has not much more than 1. */
  maxCpu: z.number().positive().default(0.95),
  /** Starts that may be missing, as a share of those planned; dropped iterations are not missing, they are counted. */
  maxMissedStarts: share.default(0.001),
  /** A start that comes this long after its instant is late. */
  lateAfter: durationSchema(1).prefault('50ms'),
  /** Late starts, as a share of all starts that had an instant. */
  maxLateStarts: share.default(0.01),
});

/** When a difference from a baseline run counts. */
export const comparisonSchema = z.strictObject({
  /** What of each operation's latency is compared. */
  metric: z.enum(['p50', 'p95', 'p99']).default('p95'),
  /** Differences up to this share of the baseline are none. */
  tolerance: z.number().min(0).max(10).default(0.1),
  /** How sure a difference must be: the level of its confidence interval. */
  confidence: z.number().min(0.5).max(0.999).default(0.95),
  /** Useful requests that an operation must have in both runs; below it there is too little data. */
  minRequests: z.int().min(2).default(100),
  /** Whether an operation that became slower makes the verdict fail. */
  failOn: z.enum(['slower', 'never']).default('never'),
});

export type ComparisonRules = z.output<typeof comparisonSchema>;

/** Names go into storage keys, function names and file names. */
const name = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected lower-case letters, digits and single dashes')
  .max(50);

function feedsSchema(readFile?: ReadFile) {
  return z
    .record(z.string().regex(VALUE_NAME, 'expected a name of letters, digits and _'), feedSchema(readFile))
    .default({});
}

/** A scenario whose keys also agree with each other. */
const checkedScenario = scenarioSchema.superRefine((scenario, context) => {
  for (const { path, message } of scenarioProblems(scenario)) {
    context.addIssue({ code: 'custom', path: [...path], message, input: undefined });
  }
});

/** WHAT to run. Every default of a plan is in this schema and the ones it is made of. */
export const planSchema = z.strictObject({
  name,
  description: z.string().default(''),
  /** Same seed, same calls. */
  seed: z.int().min(0).max(0xffff_ffff).default(1),
  /** NCRONTAB with six fields, seconds first, UTC: makes the plan a canary. */
  schedule: z
    .string()
    .refine(isSchedule, 'expected NCRONTAB with six fields, e.g. "0 */5 * * * *" for every five minutes')
    .optional(),
  targets: z.record(name, targetSchema).refine(hasEntries, 'expected at least one target'),
  feeds: feedsSchema(),
  scenarios: z.record(name, checkedScenario).refine(hasEntries, 'expected at least one scenario'),
  /** Requests that start in the first so much of the run are left out of all figures but the series, and counted apart. */
  warmUp: durationSchema().prefault('0s'),
  thresholds: thresholdsSchema.default({}),
  /** How the run is compared with a baseline, when one is named at its start. */
  comparison: comparisonSchema.prefault({}),
  generator: generatorRulesSchema.prefault({}),
});

/** The schema of plans whose feeds may name files. @param readFile undefined where plans have no files beside them */
export function planSchemaWith(readFile: ReadFile | undefined): typeof planSchema {
  return readFile === undefined ? planSchema : planSchema.extend({ feeds: feedsSchema(readFile) });
}

/** A complete plan: checked, defaults filled in, durations in milliseconds. */
export type Plan = z.output<typeof planSchema>;
export type GeneratorRules = Plan['generator'];

function hasEntries(record: object): boolean {
  return Object.keys(record).length > 0;
}
