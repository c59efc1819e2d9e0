import type { Plan } from '../plan/plan-schema.ts';
import type { Problem } from '../plan/problem.ts';
import type { RunRecord } from '../store/run-store.ts';
import type { RunContext } from './run-context.ts';
import { isActive, readRun, runIdsFrom } from './run-documents.ts';
import { limitProblems, loadOf } from './run-limits.ts';

/** Why nothing may run now: who decided it, and a sentence that says how to change it. */
export type Standstill = { readonly by: string; readonly message: string };

/** Whether the kill switch, or the setting for it, is on; undefined if runs may start. */
export async function standstill({ store, isStopped }: RunContext): Promise<Standstill | undefined> {
  if (isStopped) {
    const by = 'the setting SURGE_STOPPED';
    return { by, message: 'Nothing may run, because the setting SURGE_STOPPED is on. To allow runs, set it to false.' };
  }
  const stop = await store.readKillSwitch();
  if (stop === undefined) return undefined;
  const message =
    `Nothing may run, because the kill switch is on: ${stop.by} turned it on at ${stop.at}. ` +
    'To allow runs, send DELETE /api/stop.';
  return { by: stop.by, message };
}

/** Preflight, graceful stops and conclusion, which come on top of a plan's duration, take less than this. */
const MARGIN_MS = 3_600_000;
/** More than can be active. */
const MOST_RUNS = 100_000;

/** The runs that may be making load or concluding, newest first. @param lookBackMs how old they may be */
export async function activeRuns(
  { store, clock, policy }: RunContext,
  lookBackMs: number = policy.maxDurationMs + MARGIN_MS,
): Promise<RunRecord[]> {
  const nowMs = clock.now();
  const runs = await store.listRuns({ fromRunId: runIdsFrom(nowMs - lookBackMs), limit: MOST_RUNS });
  return runs.filter((run) => isActive(run, nowMs, policy.maxDurationMs));
}

/** Why a new run may not start beside others that are active; empty if it may, and where there are no limits. */
export async function problemsOfNewRun(context: RunContext, plan: Plan, runId: string): Promise<Problem[]> {
  if (context.limits === undefined) return [];
  // A request with the same idempotency key may have stored the run meanwhile.
  const others = (await activeRuns(context)).filter((run) => run.runId !== runId);
  return limitProblems(plan, others, context.limits);
}

/**
 * Why a run in its preflight must not go on. Runs that were created at the same moment have not seen each other: of these,
 * the one with the lowest id goes on. Runs that are past their preflight come first.
 */
export async function problemsOfQueuedRun(context: RunContext, plan: Plan, runId: string): Promise<Problem[]> {
  // A run that was stopped before its start needs no other reason.
  if ((await readRun(context.store, runId)).stopRequested) return [];
  const stopped = await standstill(context);
  if (stopped !== undefined) return [{ path: '', message: stopped.message }];
  if (context.limits === undefined) return [];
  const others = (await activeRuns(context)).filter((run) => run.runId !== runId);
  const first = others.filter((run) => run.runId < runId || run.schedule !== undefined);
  return limitProblems(plan, first, context.limits);
}

/**
 * The same at the end of the preflight, just before the run gets its schedule. The run takes its targets: so no two runs
 * load one target even if each was made while the other's check was under way.
 */
export async function problemsOfStart(context: RunContext, plan: Plan, runId: string): Promise<Problem[]> {
  const { store, clock, policy, limits } = context;
  const problems = await problemsOfQueuedRun(context, plan, runId);
  if (problems.length > 0 || limits === undefined || limits.allowSharedTargets) return problems;
  const hasLeft = async (holder: string) => {
    const run = await store.getRun(holder);
    return run === undefined || !isActive(run, clock.now(), policy.maxDurationMs);
  };
  // In order, so that of two runs with the same targets one gets all of them.
  for (const origin of loadOf(plan).origins.toSorted()) {
    const holder = await store.holdTarget(origin, runId, hasLeft);
    if (holder === runId) continue;
    const { planName, load } = await readRun(store, holder);
    return limitProblems(plan, [{ runId: holder, planName, ...(load === undefined ? {} : { load }) }], limits);
  }
  return [];
}
