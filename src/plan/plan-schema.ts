import { z } from 'zod';
import { comparisonSchema } from './comparison-schema.ts';
import { feedSchema, type ReadFile } from './feed-schema.ts';
import { generatorRulesSchema } from './generator-rules-schema.ts';
import { VALUE_NAME } from './placeholder.ts';
import { durationSchema } from './primitives.ts';
import { scenarioSchema } from './scenario-schema.ts';
import { isSchedule } from './schedule.ts';
import { targetSchema } from './target-schema.ts';
import { thresholdsSchema } from './thresholds-schema.ts';

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
  scenarios: z.record(name, scenarioSchema).refine(hasEntries, 'expected at least one scenario'),
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
