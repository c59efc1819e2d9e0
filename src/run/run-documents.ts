import { randomBytes } from 'node:crypto';
import type { ComparedRun } from '../comparison/comparison.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { parseBaseline } from '../report/parse-baseline.ts';
import type { Report } from '../report/report.ts';
import type { RunRecord, RunSchedule, RunStore } from '../store/run-store.ts';
import type { Fold } from '../summary/fold.ts';
import { decodeFold, encodeFold } from '../summary/fold-codec.ts';

/** A new run's id: sorts by time, and only `[a-z0-9-]`, because Durable Functions puts it into URLs as it is. */
export function newRunId(nowMs: number): string {
  const time = new Date(nowMs)
    .toISOString()
    .replace(/\.(\d{3})Z$/, '$1')
    .replace(/[-:]/g, '')
    .replace('T', '-');
  return `${time}-${randomBytes(4).toString('hex')}`;
}

/** The form of every run id. */
export const runIdPattern = /^\d{8}-\d{9}-[0-9a-f]{8}$/;

/** True once nothing more happens to a run. */
export function hasEnded({ state }: Pick<RunRecord, 'state'>): boolean {
  return state === 'done' || state === 'refused' || state === 'failed';
}

export async function writePlan(store: RunStore, runId: string, plan: Plan): Promise<void> {
  await store.putDocument(runId, 'plan', Buffer.from(JSON.stringify(plan)));
}

/** The plan as it was parsed when the run was made, with all defaults. */
export async function readPlan(store: RunStore, runId: string): Promise<Plan> {
  const bytes = await store.getDocument(runId, 'plan');
  if (bytes === undefined) throw new Error(`Run ${runId} has no stored plan.`);
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as Plan;
}

/** The record of a run that must be there. */
export async function readRun(store: RunStore, runId: string): Promise<RunRecord> {
  const record = await store.getRun(runId);
  if (record === undefined) throw new Error(`There is no run ${runId}.`);
  return record;
}

/** The record of a run whose preflight has passed. */
export async function readScheduledRun(store: RunStore, runId: string): Promise<RunRecord & { schedule: RunSchedule }> {
  const record = await readRun(store, runId);
  const { schedule } = record;
  if (schedule === undefined) throw new Error(`Run ${runId} has no schedule: its preflight has not ended.`);
  return { ...record, schedule };
}

export async function writeFold(store: RunStore, runId: string, name: string, fold: Fold): Promise<void> {
  await store.putDocument(runId, name, encodeFold(fold));
}

export async function readFold(store: RunStore, runId: string, name: string): Promise<Fold | undefined> {
  const bytes = await store.getDocument(runId, name);
  return bytes === undefined ? undefined : decodeFold(bytes);
}

export async function writeReport(store: RunStore, report: Report): Promise<void> {
  await store.putDocument(report.runId, 'report', Buffer.from(JSON.stringify(report)));
}

export async function readReport(store: RunStore, runId: string): Promise<Report | undefined> {
  const bytes = await store.getDocument(runId, 'report');
  return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString('utf8')) as Report);
}

/** Keeps what a run is compared with beside it, so that nothing which becomes of the baseline later changes its report. */
export async function writeBaseline(store: RunStore, runId: string, baseline: ComparedRun): Promise<void> {
  await store.putDocument(runId, 'baseline', Buffer.from(JSON.stringify(baseline)));
}

export async function readBaseline(store: RunStore, runId: string): Promise<ComparedRun | undefined> {
  const bytes = await store.getDocument(runId, 'baseline');
  return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString('utf8')) as ComparedRun);
}

/** What of an earlier run a new one is to be compared with, or why there is no such thing. */
export type FoundBaseline =
  | { readonly run: ComparedRun }
  | { readonly missing: 'run' | 'report'; readonly problem: string };

/** Reads the report of the run that is to be a baseline. */
export async function findBaseline(store: RunStore, runId: string): Promise<FoundBaseline> {
  const record = runIdPattern.test(runId) ? await store.getRun(runId) : undefined;
  if (record === undefined) {
    return { missing: 'run', problem: `There is no run "${runId}" to compare with. GET /api/runs lists the runs.` };
  }
  const report = await readReport(store, runId);
  if (report === undefined) {
    const problem = `Run ${runId} is ${record.state} and has no report to compare with.`;
    return { missing: 'report', problem };
  }
  const run = parseBaseline(report);
  return 'problem' in run ? { missing: 'report', problem: `The report of run ${runId} ${run.problem}.` } : { run };
}
