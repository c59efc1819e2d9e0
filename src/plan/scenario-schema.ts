import { z } from 'zod';
import { durationSchema } from './primitives.ts';
import { EXECUTORS, type ExecutorName, sessionSchema, thinkTimeSchema } from './scenario-parts.ts';
import { stepSchema } from './step-schema.ts';

const callsSchema = z.union(
  [
    z.int().min(1).max(1000),
    z
      .strictObject({ min: z.int().min(1).max(1000), max: z.int().min(1).max(1000) })
      .refine((range) => range.min <= range.max, { message: 'expected min to be at most max', path: ['min'] }),
  ],
  'expected a number of calls, or {min, max}',
);

/** The keys of every scenario, whatever its executor. */
const common = {
  target: z.string(),
  /** From the start of the run. */
  startTime: durationSchema().prefault('0s'),
  /** How long an iteration in progress may continue after the end. */
  gracefulStop: durationSchema(0, '10m').prefault('30s'),
  sessions: sessionSchema.prefault({}),
  /** Before the first call of an iteration. */
  thinkTimeBefore: thinkTimeSchema.default({ type: 'none' }),
  /** Between two calls of a virtual user; also between iterations, unless starts come at a rate. */
  thinkTime: thinkTimeSchema.default({ type: 'none' }),
  /** `weighted` draws each call from the steps by weight; `fixed` makes every step once, in order. */
  order: z.enum(['weighted', 'fixed']).default('weighted'),
  /** How many calls an iteration draws with order: weighted. */
  callsPerIteration: callsSchema.default(1),
  /** Without steps, sessions are only opened and closed; with `reuse: vu` they are held open until the end. */
  steps: z.array(stepSchema),
};

function scenarioOf<Name extends ExecutorName>(executor: Name) {
  return z.strictObject({ executor: z.literal(executor), ...common, ...EXECUTORS[executor] });
}

/** One kind of traffic to one target. */
export const scenarioSchema = z.discriminatedUnion('executor', [
  scenarioOf('constant-vus'),
  scenarioOf('ramping-vus'),
  scenarioOf('constant-arrival-rate'),
  scenarioOf('ramping-arrival-rate'),
  scenarioOf('per-vu-iterations'),
  scenarioOf('shared-iterations'),
]);

export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioOf<Name extends ExecutorName> = Extract<Scenario, { executor: Name }>;
/** A scenario whose starts come at a rate, whether or not the target keeps up. */
export type ArrivalScenario = ScenarioOf<'constant-arrival-rate' | 'ramping-arrival-rate'>;
/** A scenario that ends when its iterations are done. */
export type IterationScenario = ScenarioOf<'per-vu-iterations' | 'shared-iterations'>;
