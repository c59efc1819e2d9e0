import type { Plan } from '../plan/plan-schema.ts';
import { policyProblems } from '../plan/policy.ts';
import { layoutOf } from '../plan/slices.ts';
import { compileScenario } from '../scenario/compile-scenario.ts';
import type { RunSchedule } from '../store/run-store.ts';
import { runUnderLease } from './lease.ts';
import { probeTarget } from './probe-target.ts';
import type { RunContext } from './run-context.ts';
import { readPlan, readRun } from './run-documents.ts';
import { warmUp } from './warm-up.ts';

/** Either the schedule of the run (and whether it was stopped before it began), or why there will be none. */
export type Preflight =
  | { readonly schedule: RunSchedule; readonly stopRequested: boolean }
  | { readonly problems: readonly string[] };

/**
 * Opens one session per target before any load: reachable, negotiates, authenticates, and has every tool that the plan
 * calls. Then fixes when the run starts and how it is divided. A fault ends the run with a sentence a person can act on.
 * @param holder names this delivery
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
  const { schedule, problems, stopRequested } = await readRun(store, runId);
  if (schedule !== undefined) return { schedule, stopRequested };
  return problems === undefined ? undefined : { problems };
}

async function runPreflight(context: RunContext, runId: string): Promise<Preflight> {
  const { store, clock } = context;
  await store.updateRun(runId, { state: 'preflight' });
  const plan = await readPlan(store, runId);
  const refusals = [...policyProblems(plan, context.policy), ...unusable(plan)];
  const visits =
    refusals.length > 0
      ? []
      : await Promise.all(Object.keys(plan.targets).map((name) => probeTarget(context, plan, name)));
  const problems = [...refusals, ...visits.flatMap((visit) => visit.problems)];
  if (problems.length > 0) {
    await store.updateRun(runId, { state: 'refused', problems, endedAt: new Date(clock.now()).toISOString() });
    return { problems };
  }
  // Slices that this process runs then start at once; others warm up while they wait for their start.
  await warmUp();
  const layout = layoutOf(plan, context.sizing);
  const startAtMs = Math.ceil(clock.now() + context.startDelayMs);
  const { lanes, windows, windowMs, durationMs } = layout;
  const schedule: RunSchedule = { startAtMs, endAtMs: startAtMs + durationMs, lanes, windows, windowMs };
  await store.updateRun(runId, { state: 'running', schedule, targets: visits.flatMap(({ target }) => target ?? []) });
  // Read only now: a stop that came before found no schedule, and leaves it to this to end the run.
  const { stopRequested } = await readRun(store, runId);
  return { schedule, stopRequested };
}

/** What of the scenarios no slice could make ready, e.g. a check's schema; a slice would only throw. */
function unusable(plan: Plan): string[] {
  return Object.entries(plan.scenarios).flatMap(([name, scenario]) => {
    try {
      compileScenario(plan, scenario);
      return [];
    } catch (error) {
      return [`scenarios.${name}: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
}
