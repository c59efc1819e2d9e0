import { z } from 'zod';
import { durationSchema } from './primitives.ts';
import { EXECUTORS, type ExecutorName, sessionSchema, thinkTimeSchema } from './scenario-parts.ts';
import { stepSchema } from './step-schema.ts';

/** How many iterations a scenario is to begin; undefined where its virtual users begin as many as they can. */
export function plannedIterationsOf(scenario: Scenario): number | undefined {
  switch (scenario.executor) {
    case 'constant-vus':
    case 'ramping-vus':
      return undefined;
    case 'per-vu-iterations':
      return scenario.vus * scenario.iterations;
    case 'shared-iterations':
      return scenario.iterations;
    case 'constant-arrival-rate':
      return startsIn((scenario.rate * scenario.duration) / scenario.timeUnit);
    case 'ramping-arrival-rate': {
      let from = scenario.startRate;
      let units = 0;
      for (const { duration, target } of scenario.stages) {
        units += (duration * (from + target)) / 2;
        from = target;
      }
      return startsIn(units / scenario.timeUnit);
    }
  }
}

/** Starts come when the integral of the rate is 0, 1, 2, …; one that is due at the very end is none. */
function startsIn(integral: number): number {
  return Math.ceil(integral - integral * 1e-12);
}

export type ScenarioProblem = { readonly path: readonly PropertyKey[]; readonly message: string };

/** A sample's column for the number of its iteration holds no more. */
const MAX_STARTS = 0xffff_ffff;
/** As many as shared-iterations allows: those not begun in time become samples, all at once. */
const MAX_ITERATIONS = 10_000_000;

/** What keys of a scenario, each right by itself, say against each other; every key has an effect or is refused. */
export function scenarioProblems(scenario: Scenario): ScenarioProblem[] {
  const problems: ScenarioProblem[] = [];
  const add = (path: readonly PropertyKey[], message: string) => problems.push({ path, message });
  const { executor, steps, sessions, order, callsPerIteration, thinkTime, thinkTimeBefore } = scenario;
  const atRate = executor === 'constant-arrival-rate' || executor === 'ramping-arrival-rate';
  if (atRate && scenario.maxVUs !== undefined && scenario.maxVUs < scenario.preAllocatedVUs) {
    add(['maxVUs'], `expected at least preAllocatedVUs, ${scenario.preAllocatedVUs}, got ${scenario.maxVUs}`);
  }
  if (executor === 'ramping-arrival-rate' && [scenario.startRate, ...targets(scenario)].every((rate) => rate === 0)) {
    add(['stages'], 'expected a rate above 0 somewhere, or nothing would ever start');
  }
  if (executor === 'ramping-vus' && [scenario.startVUs, ...targets(scenario)].every((vus) => vus === 0)) {
    add(['stages'], 'expected virtual users somewhere, or nothing would ever start');
  }
  if (atRate && (plannedIterationsOf(scenario) ?? 0) > MAX_STARTS) {
    add(
      ['executor'],
      `expected at most ${MAX_STARTS} starts in all, got ${Math.round(plannedIterationsOf(scenario) ?? 0)}`,
    );
  }
  if (executor === 'per-vu-iterations' && scenario.vus * scenario.iterations > MAX_ITERATIONS) {
    const all = scenario.vus * scenario.iterations;
    add(['iterations'], `expected at most ${MAX_ITERATIONS} in all, vus times iterations, got ${all}`);
  }
  if (steps.length === 0) {
    if (sessions.reuse === 'call') add(['sessions', 'reuse'], 'expected iteration or vu, as there are no calls');
    if (sessions.reuse === 'vu' && executor !== 'constant-vus' && executor !== 'ramping-vus') {
      add(['steps'], 'expected a step, or executor constant-vus or ramping-vus to hold sessions open without calls');
    }
  }
  if (order === 'fixed' && callsPerIteration !== 1) {
    add(['callsPerIteration'], 'expected none with order fixed, which makes each step once');
  }
  const oneCall = order === 'fixed' ? steps.length <= 1 : callsPerIteration === 1;
  if (atRate && oneCall && thinkTime.type !== 'none' && steps.length > 0) {
    add(['thinkTime'], 'expected none: starts come at a rate, and an iteration has no second call to pause before');
  }
  if (atRate && steps.length === 0 && thinkTime.type !== 'none') {
    add(['thinkTime'], 'expected none without steps; thinkTimeBefore is how long each session stays open');
  }
  if (steps.length === 0 && sessions.reuse === 'vu' && (thinkTime.type !== 'none' || thinkTimeBefore.type !== 'none')) {
    add(['steps'], 'expected a step, as sessions that are held open without calls have nothing to pause between');
  }
  if (order !== 'fixed') {
    steps.forEach(({ capture }, index) => {
      if (Object.keys(capture).length === 0) return;
      add(
        ['steps', index, 'capture'],
        'expected order: fixed in this scenario, so that a later step can use the value',
      );
    });
  }
  return problems;
}

function targets({ stages }: { readonly stages: readonly { readonly target: number }[] }): number[] {
  return stages.map(({ target }) => target);
}

const callsSchema = z.union(
  [
    z.int().min(1).max(1000),
    z
      .strictObject({ min: z.int().min(1).max(1000), max: z.int().min(1).max(1000) })
      .refine((range) => range.min <= range.max, { message: 'expected min to be at most max', path: ['min'] }),
  ],
  'expected a number of calls, or {min, max}',
);

/** What every scenario has, whatever its executor. */
const common = {
  target: z.string(),
  /** From the start of the run. */
  startTime: durationSchema().prefault('0s'),
  /** How long an iteration in progress may go on after the end. */
  gracefulStop: durationSchema(0, '10m').prefault('30s'),
  sessions: sessionSchema.prefault({}),
  /** Before the first call of an iteration. */
  thinkTimeBefore: thinkTimeSchema.default({ type: 'none' }),
  /** Between two calls of a virtual user, also from one iteration to the next unless starts come at a rate. */
  thinkTime: thinkTimeSchema.default({ type: 'none' }),
  /** `weighted` draws each call from the steps by their weight; `fixed` makes all of them in their order. */
  order: z.enum(['weighted', 'fixed']).default('weighted'),
  /** How many calls an iteration draws when the order is weighted. */
  callsPerIteration: callsSchema.default(1),
  /** None: sessions are only opened and closed, or with `reuse: vu` held open until the end. */
  steps: z.array(stepSchema),
};

function scenarioOf<Name extends ExecutorName>(executor: Name) {
  return z.strictObject({ executor: z.literal(executor), ...common, ...EXECUTORS[executor] });
}

/** One kind of traffic aimed at one target. */
export const scenarioSchema = z
  .discriminatedUnion('executor', [
    scenarioOf('constant-vus'),
    scenarioOf('ramping-vus'),
    scenarioOf('constant-arrival-rate'),
    scenarioOf('ramping-arrival-rate'),
    scenarioOf('per-vu-iterations'),
    scenarioOf('shared-iterations'),
  ])
  .superRefine((scenario, context) => {
    for (const { path, message } of scenarioProblems(scenario)) {
      context.addIssue({ code: 'custom', path: [...path], message, input: undefined });
    }
  });

type AnyScenario = z.output<typeof scenarioSchema>;
export type ScenarioOf<Name extends ExecutorName> = Extract<AnyScenario, { executor: Name }>;
export type Scenario = AnyScenario;
/** A scenario whose starts come at a rate, whether or not the target keeps up. */
export type ArrivalScenario = ScenarioOf<'constant-arrival-rate' | 'ramping-arrival-rate'>;
/** A scenario that is over when its iterations are. */
export type IterationScenario = ScenarioOf<'per-vu-iterations' | 'shared-iterations'>;
