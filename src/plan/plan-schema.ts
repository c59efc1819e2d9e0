import { z } from 'zod';
import { scopeProblem } from './entra-scope.ts';
import { feedSchema, type ReadFile } from './feed.ts';
import { VALUE_NAME } from './placeholder.ts';
import { durationSchema, isRecord } from './primitives.ts';
import { SCENARIO_CHECKS } from './scenario-problems.ts';
import { type Scenario, scenarioSchema } from './scenario-schema.ts';
import { scheduleProblem } from './schedule.ts';
import { targetSchema } from './target-schema.ts';
import { thresholdsSchema } from './threshold.ts';

const fraction = z.number().min(0).max(1);

/** What the load generator must achieve for the results to count. A broken rule makes the verdict `invalid`. */
const generatorRulesSchema = z.strictObject({
  /** p99 of the event-loop delay of the processes that make the load; above it, latencies are partly our own. */
  maxEventLoopDelay: durationSchema(1).prefault('100ms'),
  /** How late a slice may start. */
  maxStartDelay: durationSchema().prefault('2s'),
  /** Slices that may be lost, as a share of all slices. */
  maxLostSlices: fraction.default(0),
  /** CPU seconds per second of the process; load comes from one thread, so hardly more than 1 is possible. */
  maxCpu: z.number().positive().default(0.95),
  /** Starts that may be missing, as a share of those planned for a scenario; a single one always may. Dropped ones are not. */
  maxMissedStarts: fraction.default(0.001),
  /** A start is late when it comes this long after its planned instant. */
  lateAfter: durationSchema(1).prefault('50ms'),
  /** Late starts that are allowed, as a share of a scenario's starts with a planned instant; a single one always is. */
  maxLateStarts: fraction.default(0.01),
  /** Delays of the generator up to this share of a scenario's median latency break no rule: its figures hardly show them. */
  delayShare: fraction.default(0.25),
});

/** Which differences from a baseline run count. */
export const comparisonSchema = z.strictObject({
  /** The percentile of each operation's latency that is compared. */
  metric: z.enum(['p50', 'p95', 'p99']).default('p95'),
  /** Differences up to this share of the baseline are ignored. */
  tolerance: z.number().min(0).max(10).default(0.1),
  /** Level of the confidence interval of a difference. */
  confidence: z.number().min(0.5).max(0.999).default(0.95),
  /** Useful or unanswered requests that an operation needs in both runs for its latency; with fewer, there is too little data. */
  minRequests: z.int().min(2).default(100),
  /** Changes of the share of useful requests up to this many are ignored: 0.01 is one percentage point. */
  usefulTolerance: fraction.default(0.01),
  /** Whether an operation that fails more or became slower makes the verdict `fail`. */
  failOn: z.enum(['slower', 'never']).default('never'),
  /** Whether a comparison without enough data for any operation makes the verdict `fail`. */
  requireData: z.boolean().default(false),
});

export type ComparisonRules = z.output<typeof comparisonSchema>;

/** Names become part of storage keys, function names and file names. */
const name = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected lower-case letters, digits and single dashes')
  .max(50);

function feedsSchema(readFile?: ReadFile) {
  return z
    .record(z.string().regex(VALUE_NAME, 'expected a name of letters, digits and _'), feedSchema(readFile))
    .default({});
}

/** A scenario whose keys are also consistent with each other. */
const checkedScenario = SCENARIO_CHECKS.reduce((schema, { keys, problemsOf }) => {
  const check = (scenario: Scenario, context: z.RefinementCtx) => {
    for (const { path, message } of problemsOf(scenario)) {
      context.addIssue({ code: 'custom', path: [...path], message, input: undefined });
    }
  };
  const isRead = (key: PropertyKey | undefined) => key === undefined || keys.has(key);
  const when = ({ value, issues }: z.core.ParsePayload) => {
    return isRecord(value) && !issues.some(({ code, path }) => code !== 'unrecognized_keys' && isRead(path?.[0]));
  };
  return schema.superRefine(check, { when });
}, scenarioSchema);

/** A target whose credentials are for itself: the policy repeats this check for plans that an older version stored. */
const checkedTarget = targetSchema.superRefine(({ url, auth }, context) => {
  const message = auth.type === 'entra' ? scopeProblem(auth.scope, url) : undefined;
  if (message !== undefined) context.addIssue({ code: 'custom', path: ['auth', 'scope'], message, input: undefined });
});

/** What to run. This schema and its parts contain every default of a plan. */
export const planSchema = z.strictObject({
  name,
  description: z.string().default(''),
  /** The same seed gives the same calls. */
  seed: z.int().min(0).max(0xffff_ffff).default(1),
  /** Makes the plan a canary: NCRONTAB with six fields, seconds first, UTC. */
  schedule: z
    .string()
    .superRefine((text, context) => {
      const message = scheduleProblem(text);
      if (message !== undefined) context.addIssue({ code: 'custom', message, input: text });
    })
    .optional(),
  targets: z.record(name, checkedTarget).refine(hasEntries, 'expected at least one target'),
  feeds: feedsSchema(),
  scenarios: z.record(name, checkedScenario).refine(hasEntries, 'expected at least one scenario'),
  /** Requests started in this period are left out of all figures except the time series, and counted separately. */
  warmUp: durationSchema().prefault('0s'),
  thresholds: thresholdsSchema.default({}),
  /** How the run is compared with a baseline, if one is named when it starts. */
  comparison: comparisonSchema.prefault({}),
  generator: generatorRulesSchema.prefault({}),
});

/** The schema of plans whose feeds may name files. @param readFile undefined where a plan comes without files */
export function planSchemaWith(readFile: ReadFile | undefined): typeof planSchema {
  return readFile === undefined ? planSchema : planSchema.extend({ feeds: feedsSchema(readFile) });
}

/** A complete plan: checked, with defaults, durations in milliseconds. */
export type Plan = z.output<typeof planSchema>;
export type GeneratorRules = Plan['generator'];

function hasEntries(record: object): boolean {
  return Object.keys(record).length > 0;
}
