import type { RunRecord } from '../store/run-store.ts';
import type { RunContext } from './run-context.ts';
import { isActive, runIdsFrom, SUMMARY_DOCUMENTS } from './run-documents.ts';
import { showsLife } from './stop-run.ts';

/** How long runs are kept, counted from their creation. */
export type Retention = {
  /** Milliseconds; after that, runs are deleted, and canaries lose their samples. */
  readonly keepMs: number;
  /** Milliseconds; after that, the records and reports of canaries are deleted too. Not less than `keepMs` counts. */
  readonly keepCanaryMs: number;
};

/** What was deleted because of its age. */
export type Expired = {
  readonly runs: number;
  /** Canaries of which only the record and the report are left. */
  readonly canaries: number;
  /** False if time ran out; the next call goes on. */
  readonly isComplete: boolean;
};

const PAGE_SIZE = 200;

/**
 * Deletes runs that are older than the operator keeps them, the newest of them first, and the idempotency keys of that time.
 * May be repeated, and by several processes.
 * @param untilMs when to give up, epoch milliseconds
 * @throws if the store fails; the next call goes on
 */
export async function deleteExpired(context: RunContext, retention: Retention, untilMs: number): Promise<Expired> {
  const { store, clock, policy } = context;
  const nowMs = clock.now();
  const keepCanaryMs = Math.max(retention.keepMs, retention.keepCanaryMs);
  let [runs, canaries] = [0, 0];
  let before = runIdsFrom(nowMs - retention.keepMs);
  await store.deleteClaims(before);
  for (;;) {
    const page = await store.listRuns({ beforeRunId: before, limit: PAGE_SIZE });
    for (const record of page) {
      if (clock.now() >= untilMs) return { runs, canaries, isComplete: false };
      if (isActive(record, nowMs, policy.maxDurationMs)) continue;
      const { runId, trigger, createdAt, samplesDeletedAt } = record;
      if (trigger !== 'canary' || nowMs - Date.parse(createdAt) > keepCanaryMs) {
        await store.deleteRun(runId);
        runs++;
      } else if (samplesDeletedAt === undefined) {
        await store.deleteSamples(runId, SUMMARY_DOCUMENTS);
        await store.updateRun(runId, { samplesDeletedAt: new Date(clock.now()).toISOString() });
        canaries++;
      }
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_SIZE) return { runs, canaries, isComplete: true };
    before = last.runId;
  }
}

/** Deletes a run with all that is stored of it, unless it is active or one of its slices shows life. @returns whether */
export async function deleteRun(context: RunContext, record: RunRecord): Promise<boolean> {
  const { store, clock, policy } = context;
  if (isActive(record, clock.now(), policy.maxDurationMs)) return false;
  if (await showsLife(context, record.runId)) return false;
  await store.deleteRun(record.runId);
  return true;
}
