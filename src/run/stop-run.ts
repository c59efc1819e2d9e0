import type { RunChange, RunRecord, Stop } from '../store/run-store.ts';
import { activeRuns } from './admission.ts';
import type { RunContext } from './run-context.ts';
import { hasEnded } from './run-documents.ts';

/**
 * Asks all slices of a run to end their load; they see it within a flush. May be repeated: who stopped the run first stays
 * in its record. A run that has ended is stopped as well while one of its slices shows life.
 * @returns the record afterwards; undefined if there is nothing to stop
 * @throws UnknownRunError if there is no such run
 */
export async function stopRun(context: RunContext, runId: string, by: string): Promise<RunRecord | undefined> {
  const { store, clock } = context;
  const stop: Stop = { by, at: new Date(clock.now()).toISOString() };
  const record = await store.changeRun(runId, (known) => (hasEnded(known) ? undefined : stopChange(known, stop)));
  if (!hasEnded(record)) return record;
  if (!(await showsLife(context, runId))) return undefined;
  return store.changeRun(runId, (known) => stopChange(known, stop));
}

/** A threshold that ended the run is named in its `abort`; the run then counts as stopped by nobody. */
function stopChange({ stopRequested, stopped, abort }: RunRecord, stop: Stop): RunChange | undefined {
  if (stopRequested && (stopped !== undefined || abort !== undefined)) return undefined;
  return { stopRequested: true, ...(abort === undefined ? { stopped: stop } : {}) };
}

/**
 * Whether a slice of a run may still be making load: an attempt that is not part of a commit has written its progress
 * within the dead-after time.
 */
export async function showsLife({ store, clock, timing }: RunContext, runId: string): Promise<boolean> {
  for (const { sliceId, attemptId, atMs } of await store.listProgress(runId)) {
    if (clock.now() - atMs > timing.deadAfterMs) continue;
    const { commit } = await store.readAttempts(runId, sliceId);
    if (!commit?.attemptIds.includes(attemptId)) return true;
  }
  return false;
}

/** How old a run may be that the kill switch reaches, unless longer runs are allowed. */
const LOOK_BACK_MS = 24 * 3_600_000;

/**
 * Turns the kill switch on and stops every run. Nothing may run until it is turned off: runs that begin meanwhile are
 * refused in their preflight. May be repeated; who turned it on first is remembered.
 * @returns who turned it on, and the runs that are being stopped
 */
export async function stopEverything(
  context: RunContext,
  by: string,
): Promise<{ readonly stop: Stop; readonly runs: readonly RunRecord[] }> {
  const { store, clock, policy } = context;
  const known = await store.readKillSwitch();
  const stop = known ?? { by, at: new Date(clock.now()).toISOString() };
  // Written before the runs are listed: a run that is stored later finds the switch on.
  if (known === undefined) await store.writeKillSwitch(stop);
  const active = await activeRuns(context, Math.max(LOOK_BACK_MS, 2 * policy.maxDurationMs));
  const stopped = await Promise.all(active.map(({ runId }) => stopRun(context, runId, by)));
  return { stop, runs: stopped.filter((run) => run !== undefined) };
}
