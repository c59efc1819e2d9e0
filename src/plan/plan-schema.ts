import { z } from 'zod';
import { durationSchema } from './duration.ts';
import { scenarioSchema } from './scenario-schema.ts';
import { isSchedule } from './schedule.ts';
import { targetSchema } from './target-schema.ts';
import { parseThreshold } from './threshold.ts';

/** Names go into storage keys, function names and file names. */
const name = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected lower-case letters, digits and single dashes')
  .max(50);

/** A small table of texts that arguments draw from, at random by the plan's seed. */
const feedSchema = z.strictObject({ values: z.array(z.string()).min(1, 'expected at least one value') });

const thresholdsSchema = z
  .record(z.string(), z.array(z.string()).min(1, 'expected at least one condition'))
  .superRefine((thresholds, context) => {
    for (const [metric, expressions] of Object.entries(thresholds)) {
      expressions.forEach((expression, index) => {
        const parsed = parseThreshold(metric, expression);
        if ('problem' in parsed) {
          context.addIssue({ code: 'custom', message: parsed.problem, path: [metric, index], input: expression });
        }
      });
    }
  });

/**
 * What the generator must have achieved for its figures to count. A rule that is broken makes the verdict `invalid`.
 */
const generatorRulesSchema = z.strictObject({
  /** p99 of the delay of timers in the process that makes the load; above it, latencies are partly our own. */
  maxEventLoopDelay: durationSchema(1).prefault('100ms'),
  /** How late a slice may begin. */
  maxStartDelay: durationSchema().prefault('2s'),
  /** Slices that may vanish, as a share of all. */
  maxLostSlices: z.number().min(0).max(1).default(0),
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
  feeds: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected a name of letters, digits and _'), feedSchema)
    .default({}),
  scenarios: z.record(name, scenarioSchema).refine(hasEntries, 'expected at least one scenario'),
  thresholds: thresholdsSchema.default({}),
  generator: generatorRulesSchema.prefault({}),
});

/** A complete plan: checked, defaults filled in, durations in milliseconds. */
export type Plan = z.output<typeof planSchema>;
export type GeneratorRules = Plan['generator'];

function hasEntries(record: object): boolean {
  return Object.keys(record).length > 0;
}
