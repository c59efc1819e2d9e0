import { planExtent } from '../plan/slices.ts';
import { makeReport } from '../report/make-report.ts';
import { intervalFor } from '../summary/fold.ts';
import { mergeFolds } from '../summary/merge-folds.ts';
import { planSpan } from '../summary/plan-span.ts';
import { summarise } from '../summary/summarise.ts';
import { judge } from '../verdict/judge.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { compareWithBaseline } from './compare-with-baseline.ts';
import { foldGroups } from './fold-groups.ts';
import { foldName, foldSlices } from './fold-slices.ts';
import { plannedSlices } from './planned-slices.ts';
import { plannedVus } from './planned-vus.ts';
import type { RunContext } from './run-context.ts';
import { readFold, readPlan, readScheduledRun, writeReport } from './run-documents.ts';

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
