import { policyRefusals, refusalProblem } from '../plan/policy.ts';
import type { Problem } from '../plan/problem.ts';
import { layoutOf } from '../plan/slices.ts';
import type { RunChange, RunRecord, RunSchedule } from '../store/run-store.ts';
import { problemsOfQueuedRun, problemsOfStart } from './admission.ts';
import { withEarlyEnd } from './early-end.ts';
import { compileProblems } from './plan-problems.ts';
import { probeTarget } from './probe-target.ts';
import type { RunContext } from './run-context.ts';
import { hasEnded, readPlan, readRun } from './run-documents.ts';
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
 *
 * A preflight sends single requests only. So a delivery does not wait for long for another one of the same attempt, and a
 * later attempt, which follows a failed one, does not wait at all. Of several results, the first that is stored counts.
 * @param holder identifies this delivery
 * @param attempt 0, and one more for each attempt that failed before
 */
export async function preflight(context: RunContext, runId: string, holder: string, attempt = 0): Promise<Preflight> {
  const { store } = context;
  const earlier = preflightOf(await readRun(store, runId));
  if (earlier !== undefined) return earlier;
  const unit = `preflight-${attempt}`;
  if ((await store.takeLease(runId, unit, attempt, holder)) !== holder) {
    await store.recordDuplicate(runId, unit, attempt, holder);
    const other = await waitForOther(context, runId);
    if (other !== undefined) return other;
  }
  return runPreflight(context, runId);
}

/** The share of the dead-after time that a delivery waits for another one. */
const PATIENCE = 1 / 3;

/** Waits for the result of another delivery; undefined if it takes too long. */
async function waitForOther({ store, clock, timing }: RunContext, runId: string): Promise<Preflight | undefined> {
  const untilMs = clock.now() + PATIENCE * timing.deadAfterMs;
  for (;;) {
    const result = preflightOf(await readRun(store, runId));
    if (result !== undefined || clock.now() >= untilMs) return result;
    await clock.sleepUntil(clock.now() + timing.pollMs);
  }
}

/** The result of a run's preflight; undefined until there is one. */
function preflightOf(record: RunRecord): Preflight | undefined {
  const { schedule, problems = [], stopRequested, preflightWarnings: warnings = [] } = record;
  // A run that has failed must not start, for example because it waited for too long.
  if (hasEnded(record)) return { problems, warnings };
  return schedule === undefined ? undefined : { schedule, stopRequested, warnings };
}

async function runPreflight(context: RunContext, runId: string): Promise<Preflight> {
  const { store, clock } = context;
  await store.changeRun(runId, ({ state }) => (state === 'queued' ? { state: 'preflight' } : undefined));
  const plan = await readPlan(store, runId);
  const { policy } = context;
  const refused = policyRefusals(plan, policy).map((refusal) => refusalProblem(refusal, policy));
  const refusals = [...refused, ...compileProblems(plan), ...(await problemsOfQueuedRun(context, plan, runId))];
  // A run that is stopped before its start sends nothing to its targets.
  const isOver = refusals.length > 0 || (await readRun(store, runId)).stopRequested;
  const names = isOver ? [] : Object.keys(plan.targets);
  const all = await withEarlyEnd(context, runId, (end) =>
    Promise.all(names.map((name) => probeTarget(context, plan, name, end))),
  );
  // A run that was stopped meanwhile ends as stopped, whatever its targets had shown until then.
  const isStopped = (await readRun(store, runId)).stopRequested;
  const probes = isStopped ? [] : all;
  const found = [...refusals, ...probes.flatMap((probe) => probe.problems)];
  // Checked again as late as possible: another run may have begun since.
  if (found.length === 0) found.push(...(await problemsOfStart(context, plan, runId)));
  const problems = atMost(found, (left) => ({ path: '', message: `${left} more problems like these.` }));
  const warned = probes.flatMap((probe) => probe.warnings);
  const warnings = atMost(warned, (left) => `${left} more warnings like these.`);
  const kept = warnings.length === 0 ? {} : { preflightWarnings: warnings };
  if (problems.length > 0) {
    const endedAt = new Date(clock.now()).toISOString();
    return storeFirst(context, runId, { state: 'refused', problems, ...kept, endedAt });
  }
  // Slices of this process can then start immediately; other processes warm up while they wait for the start.
  if (!isStopped) await warmUp();
  const { lanes, windows, windowMs, durationMs } = layoutOf(plan, context.sizing);
  const startAtMs = Math.ceil(clock.now() + context.startDelayMs);
  const schedule: RunSchedule = { startAtMs, endAtMs: startAtMs + durationMs, lanes, windows, windowMs };
  const targets = probes.flatMap(({ target }) => target ?? []);
  return storeFirst(context, runId, { state: 'running', schedule, targets, ...kept });
}

/**
 * Stores a result unless another delivery has done so. @returns the stored result. Whoever stopped the run before it found
 * no schedule, and relies on `stopRequested` as it was when the schedule was stored.
 */
async function storeFirst({ store }: RunContext, runId: string, change: RunChange): Promise<Preflight> {
  const record = await store.changeRun(runId, (current) => (preflightOf(current) === undefined ? change : undefined));
  const result = preflightOf(record);
  if (result === undefined) throw new Error(`The preflight of run ${runId} was stored and is not there.`);
  return result;
}

function atMost<Item>(found: readonly Item[], more: (left: number) => Item): readonly Item[] {
  const left = found.length - MOST_FINDINGS;
  return left <= 0 ? found : [...found.slice(0, MOST_FINDINGS), more(left)];
}
