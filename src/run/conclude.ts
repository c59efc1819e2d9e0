import { compareRuns } from '../comparison/compare-runs.ts';
import { withComparison } from '../comparison/comparison.ts';
import type { ComparisonRules } from '../plan/plan-schema.ts';
import { planExtent } from '../plan/slices.ts';
import { makeReport, type Report } from '../report/report.ts';
import type { RunStore } from '../store/run-store.ts';
import { intervalFor } from '../summary/fold.ts';
import { mergeFolds } from '../summary/merge-folds.ts';
import { planSpan, summarise } from '../summary/summarise.ts';
import { judge } from '../verdict/judge.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { foldGroups, foldName, foldSlices } from './fold-slices.ts';
import type { RunContext } from './run-context.ts';
import { readBaseline, readFold, readPlan, readScheduledRun, writeReport } from './run-documents.ts';
import { plannedSlices } from './run-slice.ts';
import { plannedVus } from './run-view.ts';

/** Ends a run that broke for a reason of our own, so that nobody waits for it. */
export async function failRun({ store, clock }: RunContext, runId: string, reason: string): Promise<void> {
  await store.updateRun(runId, { state: 'failed', problems: [reason], endedAt: new Date(clock.now()).toISOString() });
}

/** The report with its comparison and what that makes of its verdict; as it was when the run has no baseline. */
export async function compareWithBaseline(store: RunStore, rules: ComparisonRules, report: Report): Promise<Report> {
  const baseline = await readBaseline(store, report.runId);
  if (baseline === undefined) return report;
  const comparison = compareRuns(baseline, report, rules);
  return { ...report, verdict: withComparison(report.verdict, comparison), comparison };
}

/** Merges all folds, judges them and stores the report; from the same folds always the same report. */
export async function conclude(context: RunContext, runId: string): Promise<Verdict> {
  const { store } = context;
  const record = await readScheduledRun(store, runId);
  const { schedule, targets = [], abort } = record;
  // A further delivery must not take a run that is done back to an earlier state.
  if (record.verdict !== undefined) return record.verdict;
  await store.updateRun(runId, { state: 'concluding' });
  const plan = await readPlan(store, runId);
  const folds = [];
  for (const group of foldGroups(schedule)) {
    // A group whose folding was lost is folded here, so that nothing that was measured is left out.
    let fold = await readFold(store, runId, foldName(group));
    if (fold === undefined) {
      await foldSlices(context, runId, group);
      fold = await readFold(store, runId, foldName(group));
    }
    if (fold !== undefined) folds.push(fold);
  }
  const { durationMs, leastDurationMs } = planExtent(plan);
  const merged = mergeFolds(folds, intervalFor(durationMs));
  const summary = summarise(merged, {
    runStartMs: schedule.startAtMs,
    // A scenario that counts its iterations is over with the last of them, however much longer it might have taken.
    plannedDurationMs: leastDurationMs,
    plannedSlices: plannedSlices(schedule, abort, merged.slices),
    // A run that ended itself may have done so before the last of them began.
    plannedVus: abort === undefined ? plannedVus(plan, merged.vus) : merged.vus.length,
    ...planSpan(plan, merged.intervalMs),
    stopped: record.stopRequested,
  });
  const judged = judge(plan, merged, summary, record.stopRequested, abort);
  const alone = makeReport({
    runId,
    planHash: record.planHash,
    plan,
    startAtMs: schedule.startAtMs,
    targets,
    summary,
    judged,
  });
  const report = await compareWithBaseline(store, plan.comparison, alone);
  await writeReport(store, report);
  await store.updateRun(runId, { state: 'done', verdict: report.verdict, endedAt: report.endedAt });
  return report.verdict;
}
