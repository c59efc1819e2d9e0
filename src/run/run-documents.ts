import { randomBytes } from 'node:crypto';
import type { ComparedRun } from '../comparison/comparison.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { parseBaseline } from '../report/parse-baseline.ts';
import type { Report } from '../report/report.ts';
import type { RunRecord, RunSchedule, RunStore } from '../store/run-store.ts';
import type { Fold } from '../summary/fold.ts';
import { decodeFold, encodeFold } from '../summary/fold-codec.ts';

/** The record of a run. @throws if there is no such run */
export async function readRun(store: RunStore, runId: string): Promise<RunRecord> {
  const record = await store.getRun(runId);
  if (record === undefined) throw new Error(`There is no run ${runId}.`);
  return record;
}

/** The record of a run whose preflight has passed. @throws if it has not */
export async function readScheduledRun(store: RunStore, runId: string): Promise<RunRecord & { schedule: RunSchedule }> {
  const record = await readRun(store, runId);
  const { schedule } = record;
  if (schedule === undefined) throw new Error(`Run ${runId} has no schedule: its preflight has not passed.`);
  return { ...record, schedule };
}

/** True once a run has reached its last state. */
export function hasEnded({ state }: { readonly state: RunRecord['state'] | 'starting' }): boolean {
  return state === 'done' || state === 'refused' || state === 'failed';
}

/** A run is dead if it has not ended this long after its planned end, whatever its state says. */
const STALE_AFTER_MS = 15 * 60_000;

/** True while a run may still make load or conclude. @param maxDurationMs how long a run without a schedule may last */
export function isActive(record: RunRecord, nowMs: number, maxDurationMs: number): boolean {
  if (hasEnded(record)) return false;
  const endMs = record.schedule?.endAtMs ?? Date.parse(record.createdAt) + maxDurationMs;
  return nowMs < endMs + STALE_AFTER_MS;
}

/** Makes a run id. It sorts by time, and has only `[a-z0-9-]`, because Durable Functions puts it into URLs unescaped. */
export function newRunId(nowMs: number): string {
  return `${runIdsFrom(nowMs)}-${randomBytes(4).toString('hex')}`;
}

/** The beginning of all run ids that are made at a time; ids that are made later sort after it, earlier ones before it. */
export function runIdsFrom(timeMs: number): string {
  const [, date = '', time = ''] = /^(.*)T(.*)Z$/.exec(new Date(timeMs).toISOString()) ?? [];
  return `${date.replaceAll('-', '')}-${time.replace(/[:.]/g, '')}`;
}

/** Matches every run id. */
export const runIdPattern = /^\d{8}-\d{9}-[0-9a-f]{8}$/;

/** The documents that describe a run and its result. All others hold what they were made from. */
export const SUMMARY_DOCUMENTS: readonly string[] = ['plan', 'baseline', 'report'];

export async function writePlan(store: RunStore, runId: string, plan: Plan): Promise<void> {
  await writeJson(store, runId, 'plan', plan);
}

/** The plan as it was parsed when the run was created, with all defaults; undefined if it is missing. */
export function findPlan(store: RunStore, runId: string): Promise<Plan | undefined> {
  return readJson<Plan>(store, runId, 'plan');
}

/** The same. @throws if it is missing */
export async function readPlan(store: RunStore, runId: string): Promise<Plan> {
  const plan = await findPlan(store, runId);
  if (plan === undefined) throw new Error(`Run ${runId} has no stored plan.`);
  return plan;
}

export async function writeFold(store: RunStore, runId: string, name: string, fold: Fold): Promise<void> {
  await store.putDocument(runId, name, encodeFold(fold));
}

export async function readFold(store: RunStore, runId: string, name: string): Promise<Fold | undefined> {
  const bytes = await store.getDocument(runId, name);
  return bytes === undefined ? undefined : decodeFold(bytes);
}

export async function writeReport(store: RunStore, report: Report): Promise<void> {
  await writeJson(store, report.runId, 'report', report);
}

export async function readReport(store: RunStore, runId: string): Promise<Report | undefined> {
  return readJson<Report>(store, runId, 'report');
}

/** Stores a copy of a run's baseline with the run, so that later changes to the baseline do not change its report. */
export async function writeBaseline(store: RunStore, runId: string, baseline: ComparedRun): Promise<void> {
  await writeJson(store, runId, 'baseline', baseline);
}

export async function readBaseline(store: RunStore, runId: string): Promise<ComparedRun | undefined> {
  return readJson<ComparedRun>(store, runId, 'baseline');
}

/** The part of an earlier run that a new one is compared with, or why it cannot be used. */
export type FoundBaseline =
  | { readonly run: ComparedRun }
  | { readonly missing: 'run' | 'report'; readonly problem: string };

/** Reads the report of a run that is to be a baseline. */
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

async function writeJson(store: RunStore, runId: string, name: string, value: unknown): Promise<void> {
  await store.putDocument(runId, name, Buffer.from(JSON.stringify(value)));
}

/** Reads a document whose type is not checked, because only writeJson writes it. */
async function readJson<Value>(store: RunStore, runId: string, name: string): Promise<Value | undefined> {
  const bytes = await store.getDocument(runId, name);
  return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString('utf8')) as Value);
}
