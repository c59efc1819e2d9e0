import type { Plan } from '../plan/plan-schema.ts';
import { policyRefusals, refusalProblem } from '../plan/policy.ts';
import type { Problem } from '../plan/problem.ts';
import { layoutOf } from '../plan/slices.ts';
import { compileScenario } from '../scenario/compile-scenario.ts';
import type { RunSchedule } from '../store/run-store.ts';
import { runUnderLease } from './lease.ts';
import { probeTarget } from './probe-target.ts';
import type { RunContext } from './run-context.ts';
import { readPlan, readRun } from './run-documents.ts';
import { warmUp } from './warm-up.ts';

/** The run's schedule, and whether the run was stopped before its start; or why the run is refused. */
export type Preflight = (
  | { readonly schedule: RunSchedule; readonly stopRequested: boolean }
  | { readonly problems: readonly Problem[] }
) & {
  /** What may go wrong in the load, a sentence each. */
  readonly warnings: readonly string[];
};

/** A plan with thousands of steps can have as many problems. */
const MOST_FINDINGS = 100;

/**
 * Checks, before any load, that the plan can run. It opens one session per target: the target must be reachable,
 * negotiate, authenticate, and have what the plan calls, with arguments that its descriptions allow. All problems are
 * found together; they end the run, each with a message that says how to fix it. Then preflight fixes when the run starts
 * and how it is divided.
 * @param holder identifies this delivery
 */
export async function preflight(context: RunContext, runId: string, holder: string): Promise<Preflight> {
  return runUnderLease(context, {
    runId,
    unit: 'preflight',
    attempt: 0,
    holder,
    result: () => storedPreflight(context, runId),
    lastSignOfLife: async () => undefined,
    work: () => runPreflight(context, runId),
  });
}

async function storedPreflight({ store }: RunContext, runId: string): Promise<Preflight | undefined> {
  const { schedule, problems, stopRequested, preflightWarnings: warnings = [] } = await readRun(store, runId);
  if (schedule !== undefined) return { schedule, stopRequested, warnings };
  return problems === undefined ? undefined : { problems, warnings };
}

async function runPreflight(context: RunContext, runId: string): Promise<Preflight> {
  const { store, clock } = context;
  await store.updateRun(runId, { state: 'preflight' });
  const plan = await readPlan(store, runId);
  const { policy } = context;
  const refused = policyRefusals(plan, policy).map((refusal) => refusalProblem(refusal, policy));
  const refusals = [...refused, ...compileProblems(plan)];
  const names = refusals.length > 0 ? [] : Object.keys(plan.targets);
  const probes = await Promise.all(names.map((name) => probeTarget(context, plan, name)));
  const found = [...refusals, ...probes.flatMap((probe) => probe.problems)];
  const problems = atMost(found, (left) => ({ path: '', message: `${left} more problems like these.` }));
  const warned = probes.flatMap((probe) => probe.warnings);
  const warnings = atMost(warned, (left) => `${left} more warnings like these.`);
  const kept = warnings.length === 0 ? {} : { preflightWarnings: warnings };
  if (problems.length > 0) {
    const endedAt = new Date(clock.now()).toISOString();
    await store.updateRun(runId, { state: 'refused', problems, ...kept, endedAt });
    return { problems, warnings };
  }
  // Slices of this process can then start immediately; other processes warm up while they wait for the start.
  await warmUp();
  const { lanes, windows, windowMs, durationMs } = layoutOf(plan, context.sizing);
  const startAtMs = Math.ceil(clock.now() + context.startDelayMs);
  const schedule: RunSchedule = { startAtMs, endAtMs: startAtMs + durationMs, lanes, windows, windowMs };
  const targets = probes.flatMap(({ target }) => target ?? []);
  await store.updateRun(runId, { state: 'running', schedule, targets, ...kept });
  // Read after the schedule is stored: whoever stopped the run earlier found no schedule, and relies on this check.
  const { stopRequested } = await readRun(store, runId);
  return { schedule, stopRequested, warnings };
}

function atMost<Item>(found: readonly Item[], more: (left: number) => Item): readonly Item[] {
  const left = found.length - MOST_FINDINGS;
  return left <= 0 ? found : [...found.slice(0, MOST_FINDINGS), more(left)];
}

/** Scenarios that cannot be compiled, for example because of a check's schema; every slice would throw on them. */
function compileProblems(plan: Plan): Problem[] {
  return Object.keys(plan.scenarios).flatMap((name) => {
    try {
      compileScenario(plan, name);
      return [];
    } catch (error) {
      return [{ path: `scenarios.${name}`, message: error instanceof Error ? error.message : String(error) }];
    }
  });
}
