import { app, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { looksStuck, reconcile } from '../run/reconcile.ts';
import type { RunContext } from '../run/run-context.ts';
import { hasEnded } from '../run/run-documents.ts';
import type { RunRecord } from '../store/run-store.ts';
import { appContext } from './app-context.ts';
import { promptly } from './http-answer.ts';
import { orchestrationHub } from './orchestration-hub.ts';

/** How many runs the timer looks at, newest first. */
const MAX_RUNS = 1000;
/** For so long after the end of a run, the timer looks for orchestrations that outlive it. */
const LEFTOVERS_MS = 3_600_000;
/** How many runs one request for the list may reconcile. */
const MAX_IN_LIST = 5;
/** Requests for one run ask the task hub at most this often. */
const ASK_AGAIN_MS = 5000;

/** Compares all recent runs with their orchestrations. The next tick repeats what failed. */
app.timer('reconcile', {
  schedule: '0 */5 * * * *',
  extraInputs: [df.input.durableClient()],
  handler: async (_, invocation) => {
    const context = await appContext();
    const nowMs = context.clock.now();
    const records = await context.store.listRuns({ limit: MAX_RUNS });
    const unsettled = records.filter(
      (record) => !hasEnded(record) || nowMs - Date.parse(record.endedAt ?? record.createdAt) < LEFTOVERS_MS,
    );
    for (const record of unsettled) await reconcileRun(context, invocation, record);
  },
});

const askedMs = new Map<string, number>();

/** Reconciles a run that somebody asks for, unless it has ended. @returns its record as it is then; never rejects */
export async function reconciledRecord(
  context: RunContext,
  invocation: InvocationContext,
  record: RunRecord,
): Promise<RunRecord> {
  const nowMs = context.clock.now();
  for (const [runId, atMs] of askedMs) if (nowMs - atMs >= ASK_AGAIN_MS) askedMs.delete(runId);
  if (hasEnded(record) || askedMs.has(record.runId)) return record;
  askedMs.set(record.runId, nowMs);
  // What takes longer than a request may wait goes on, and the next request shows it.
  const isChanged = await promptly(reconcileRun(context, invocation, record)).catch(() => false);
  return isChanged ? ((await context.store.getRun(record.runId)) ?? record) : record;
}

/** Reconciles those runs of a list that should have ended by now. */
export async function reconcileList(
  context: RunContext,
  invocation: InvocationContext,
  records: readonly RunRecord[],
): Promise<void> {
  const nowMs = context.clock.now();
  const stuck = records.filter((record) => looksStuck(record, nowMs, context.timing)).slice(0, MAX_IN_LIST);
  await Promise.all(stuck.map((record) => reconciledRecord(context, invocation, record)));
}

/** @returns true if something had to be done; never rejects */
async function reconcileRun(
  context: RunContext,
  invocation: InvocationContext,
  { runId }: RunRecord,
): Promise<boolean> {
  try {
    const done = await reconcile(context, orchestrationHub(df.getClient(invocation)), runId);
    if (done.what !== 'nothing') invocation.warn(`Run ${runId} was reconciled: ${JSON.stringify(done)}`);
    return done.what !== 'nothing';
  } catch (error) {
    invocation.error(`Run ${runId} could not be compared with its orchestration:`, error);
    return false;
  }
}
