import { compareRuns } from '../comparison/compare-runs.ts';
import { withComparison } from '../comparison/comparison-verdict.ts';
import type { ComparisonRules, Plan } from '../plan/plan-schema.ts';
import type { Scenario } from '../plan/scenario-schema.ts';
import { planExtent } from '../plan/slices.ts';
import { maxVusOf, stagesOf } from '../plan/timeline.ts';
import { makeReport, type Report } from '../report/report.ts';
import type { RunRecord, RunSchedule, RunStore } from '../store/run-store.ts';
import { type Fold, intervalFor, type SliceFold } from '../summary/fold.ts';
import { mergeFolds } from '../summary/merge-folds.ts';
import { planSpan, summarise } from '../summary/summarise.ts';
import { judge } from '../verdict/judge.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { foldGroups, foldName, foldSlices } from './fold-slices.ts';
import type { RunContext } from './run-context.ts';
import { readBaseline, readFold, readPlan, readScheduledRun, writeReport } from './run-documents.ts';

/** Merges the folds of a run, judges the result and stores the report; the same folds always give the same report. */
export async function conclude(context: RunContext, runId: string): Promise<Verdict> {
  const { store } = context;
  const record = await readScheduledRun(store, runId);
  const { schedule, targets = [], preflightWarnings = [], abort } = record;
  // A repeated delivery must not take a finished run back to an earlier state.
  if (record.verdict !== undefined) return record.verdict;
  await store.updateRun(runId, { state: 'concluding' });
  const plan = await readPlan(store, runId);
  const folds = await readFolds(context, runId, schedule);
  const { durationMs } = planExtent(plan);
  const merged = mergeFolds(folds, intervalFor(durationMs));
  const summary = summarise(merged, {
    runStartMs: schedule.startAtMs,
    plannedDurationMs: leastDurationMs(plan, merged, schedule.windows),
    plannedSlices: plannedSlices(schedule, abort, merged.slices),
    // An aborted run may have ended before the last of its virtual users was due to start.
    plannedVus: abort === undefined ? plannedVus(plan, merged.vus) : merged.vus.length,
    ...planSpan(plan, merged.intervalMs),
    stopped: record.stopRequested,
  });
  const judged = judge(plan, merged, summary, record.stopRequested, abort);
  const startAtMs = schedule.startAtMs;
  const alone = makeReport({
    runId,
    planHash: record.planHash,
    plan,
    startAtMs,
    targets,
    preflightWarnings,
    summary,
    judged,
  });
  const report = await compareWithBaseline(store, plan.comparison, alone);
  await writeReport(store, report);
  await store.updateRun(runId, { state: 'done', verdict: report.verdict, endedAt: report.endedAt });
  return report.verdict;
}

/** Ends a run that mcp-surge itself could not carry through, so that nobody waits for it. */
export async function failRun({ store, clock }: RunContext, runId: string, reason: string): Promise<void> {
  const problems = [{ path: '', message: reason }];
  await store.updateRun(runId, { state: 'failed', problems, endedAt: new Date(clock.now()).toISOString() });
}

/** The folds of all groups. A fold that is missing is made now, so that nothing that was measured is left out. */
async function readFolds(context: RunContext, runId: string, schedule: RunSchedule): Promise<Fold[]> {
  const folds: Fold[] = [];
  for (const group of foldGroups(schedule)) {
    let fold = await readFold(context.store, runId, foldName(group));
    if (fold === undefined) {
      await foldSlices(context, runId, group);
      fold = await readFold(context.store, runId, foldName(group));
    }
    if (fold !== undefined) folds.push(fold);
  }
  return folds;
}

/** Adds the comparison with the run's baseline to a report and its verdict; changes nothing without a baseline. */
async function compareWithBaseline(store: RunStore, rules: ComparisonRules, report: Report): Promise<Report> {
  const baseline = await readBaseline(store, report.runId);
  if (baseline === undefined) return report;
  const comparison = compareRuns(baseline, report, rules);
  return { ...report, verdict: withComparison(report.verdict, comparison), comparison };
}

/**
 * How long the run lasted at least. A scenario that counts iterations ends with the last of them, however much longer it
 * was allowed to take; one whose virtual users all found that their feed had run out ends with them.
 */
function leastDurationMs(plan: Plan, { iterations }: Fold, windows: number): number {
  const lasting = Object.entries(plan.scenarios).filter(([name, scenario]) => {
    const ended = iterations.filter((cell) => cell.scenario === name);
    const vusEnded = ended.reduce((sum, cell) => sum + cell.iterationsWithoutFeedRow, 0);
    return scenario.executor !== 'constant-vus' || vusEnded < scenario.vus * windows;
  });
  return lasting.length === 0 ? 0 : planExtent({ ...plan, scenarios: Object.fromEntries(lasting) }).leastDurationMs;
}

/** How many slices had to run: all of the plan's; for an aborted run, those of the windows that had begun. */
export function plannedSlices(
  schedule: RunSchedule,
  abort: RunRecord['abort'],
  slices: readonly Pick<SliceFold, 'state'>[],
): number {
  const { lanes, windows, windowMs } = schedule;
  if (abort === undefined) return lanes * windows;
  const begun = Math.min(windows, Math.floor((abort.atSeconds * 1000) / windowMs) + 1);
  // Slices of the next window may already have been waiting for their start; they commit too.
  return Math.max(lanes * begun, slices.filter(({ state }) => state !== 'lost').length);
}

/**
 * How many virtual users had to start: those with work whatever the target does, and those that started because there
 * was work for them. If starts come at a rate or iterations are shared, a fast target needs few virtual users.
 * @param started numbers of the virtual users that started
 */
export function plannedVus(plan: Plan, started: Iterable<number>): number {
  const planned = new Set(started);
  let firstVu = 0;
  for (const scenario of Object.values(plan.scenarios)) {
    for (let index = 0; index < certainVusOf(scenario); index++) planned.add(firstVu + index);
    firstVu += maxVusOf(scenario);
  }
  return planned.size;
}

function certainVusOf(scenario: Scenario): number {
  switch (scenario.executor) {
    case 'constant-vus':
    case 'per-vu-iterations':
      return scenario.vus;
    case 'ramping-vus': {
      // A virtual user that only the tip of a ramp needs may have no time for a request.
      const lasting = stagesOf(scenario).filter(({ durationMs }) => durationMs > 0);
      return Math.max(...lasting.map(({ fromLevel, toLevel }) => Math.min(fromLevel, toLevel)));
    }
    default:
      return 0;
  }
}
