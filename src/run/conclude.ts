import { compareRuns } from '../comparison/compare-runs.ts';
import { withComparison } from '../comparison/comparison-verdict.ts';
import type { ComparisonRules, Plan } from '../plan/plan-schema.ts';
import type { Scenario } from '../plan/scenario-schema.ts';
import { planExtent } from '../plan/slices.ts';
import { maxVusOf, stagesOf } from '../plan/timeline.ts';
import { makeReport, type Report } from '../report/report.ts';
import type { RunRecord, RunSchedule, RunStore } from '../store/run-store.ts';
import { type Fold, intervalFor } from '../summary/fold.ts';
import { mergeFolds } from '../summary/merge-folds.ts';
import { planSpan, summarise } from '../summary/summarise.ts';
import type { Summary } from '../summary/summary.ts';
import { type Judged, judge } from '../verdict/judge.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { awaitSlices } from './await-slices.ts';
import { type FoldGroup, foldGroups, foldName, foldSlices, sliceIdsOf } from './fold-slices.ts';
import type { RunContext } from './run-context.ts';
import { hasEnded, readBaseline, readFold, readPlan, readScheduledRun, writeReport } from './run-documents.ts';

type ConcludeOptions = {
  /** What went wrong in mcp-surge itself, a sentence each. */
  readonly faults?: readonly string[];
  /** True if the caller knows that no slice is running, so that there is nothing to wait for. */
  readonly slicesHaveEnded?: boolean;
};

/**
 * Ends a run: ends load that is still being made, merges the folds, judges the result and stores the report. May be
 * repeated; the first verdict stays.
 * @throws if the run has no schedule, or the store fails
 */
export async function conclude(context: RunContext, runId: string, options: ConcludeOptions = {}): Promise<Verdict> {
  const { store, clock } = context;
  const record = await beginConclusion(store, runId, options.faults ?? []);
  if (record.verdict !== undefined) return record.verdict;
  const { schedule, targets = [], preflightWarnings = [], faults = [], abort } = record;
  const plan = await readPlan(store, runId);
  const folds = await completeFolds(context, plan, record, options.slicesHaveEnded ?? false);
  const { durationMs } = planExtent(plan);
  const merged = mergeFolds(folds, intervalFor(durationMs));
  const summary = summarise(merged, {
    runStartMs: schedule.startAtMs,
    plannedDurationMs: leastDurationMs(plan, merged, schedule.windows),
    plannedSlices: schedule.lanes * schedule.windows,
    // An aborted run may have ended before the last of its virtual users was due to start.
    plannedVus: abort === undefined ? plannedVus(plan, merged.vus) : merged.vus.length,
    ...planSpan(plan, merged.intervalMs),
    stopped: record.stopRequested,
  });
  const judged = withFaults(judge(plan, merged, summary, record.stopRequested, abort), summary, faults);
  const startAtMs = schedule.startAtMs;
  const alone = makeReport({
    runId,
    planHash: record.planHash,
    plan,
    startAtMs,
    targets: targets.map(({ readOnlyTools: _, ...target }) => target),
    preflightWarnings,
    faults,
    endedAtMs: clock.now(),
    startedBy: record.startedBy,
    stopped: record.stopped,
    summary,
    judged,
  });
  const report = await compareWithBaseline(store, plan.comparison, alone);
  await writeReport(store, report);
  const { verdict, endedAt, generator } = report;
  const { unaccounted = null } = generator;
  const slices = { ...generator.slices, ...(unaccounted === null ? {} : { unaccounted }) };
  const ended = await store.changeRun(runId, (now) =>
    now.verdict === undefined ? { state: 'done', verdict, slices, endedAt } : undefined,
  );
  // Another delivery may have ended the run meanwhile.
  if (ended.endedAt !== undefined && ended.endedAt !== endedAt) {
    await writeReport(store, { ...report, endedAt: ended.endedAt });
  }
  return ended.verdict ?? verdict;
}

/** Ends a run that has no report, so that nobody waits for it. Changes nothing if the run has ended. */
export async function failRun({ store, clock }: RunContext, runId: string, reason: string): Promise<void> {
  const problems = [{ path: '', message: reason }];
  const endedAt = new Date(clock.now()).toISOString();
  await store.changeRun(runId, (record) => (hasEnded(record) ? undefined : { state: 'failed', problems, endedAt }));
}

/**
 * Sets the state by which every slice ends its load, before anything else: a run that has ended makes no load. A repeated
 * delivery must not take a finished run back to an earlier state.
 */
async function beginConclusion(
  store: RunStore,
  runId: string,
  faults: readonly string[],
): Promise<RunRecord & { readonly schedule: RunSchedule }> {
  const { schedule } = await readScheduledRun(store, runId);
  const record = await store.changeRun(runId, ({ verdict, faults: known = [] }) => {
    if (verdict !== undefined) return undefined;
    const all = [...new Set([...known, ...faults])];
    return { state: 'concluding', ...(all.length === 0 ? {} : { faults: all }) };
  });
  return { ...record, schedule };
}

/**
 * The folds of all groups. A fold is made now if it is missing, or if one of its slices was not complete when it was made:
 * its blocks may have come later. So nothing that was stored is left out.
 */
async function completeFolds(
  context: RunContext,
  plan: Plan,
  { runId, schedule }: RunRecord & { readonly schedule: RunSchedule },
  slicesHaveEnded: boolean,
): Promise<Fold[]> {
  const folds: Fold[] = [];
  const unsure: FoldGroup[] = [];
  for (const group of foldGroups(schedule)) {
    const fold = await readFold(context.store, runId, foldName(group));
    if (fold?.slices.every(({ state }) => state === 'committed')) folds.push(fold);
    else unsure.push(group);
  }
  const sliceIds = unsure.flatMap((group) => sliceIdsOf(plan, schedule, group));
  const living = slicesHaveEnded ? [] : await awaitSlices(context, runId, sliceIds);
  if (living.length > 0) {
    console.error(`Run ${runId} is concluded although slices still show life: ${living.join(', ')}.`);
  }
  for (const group of unsure) {
    await foldSlices(context, runId, group);
    const fold = await readFold(context.store, runId, foldName(group));
    if (fold !== undefined) folds.push(fold);
  }
  return folds;
}

/** The first sentences say why load is missing. Faults that did not affect the load are only listed in the report. */
function withFaults(judged: Judged, { generator }: Summary, faults: readonly string[]): Judged {
  const { status, reasons } = judged.verdict;
  const isLoadMissing = generator.slices.lost + generator.slices.partial > 0;
  if (status !== 'invalid' || !isLoadMissing) return judged;
  return { ...judged, verdict: { status, reasons: [...faults, ...reasons] } };
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
