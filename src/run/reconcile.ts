import type { RunRecord, RunStore } from '../store/run-store.ts';
import { failRun } from './conclude.ts';
import type { RunContext } from './run-context.ts';
import { hasEnded, readRun } from './run-documents.ts';
import type { Timing } from './timing.ts';

/** What the task hub says about an orchestration. */
export type OrchestrationStatus = {
  /** `active`: waiting to begin, running or suspended. `absent`: the hub does not know it. */
  readonly state: 'active' | 'completed' | 'failed' | 'terminated' | 'absent';
  /** Why it failed or was terminated, on one line; empty if that is not known. */
  readonly detail: string;
};

/** The orchestrations of runs, as far as a reconciler needs them. Calls may be repeated. */
export type OrchestrationHub = {
  /** The orchestration of a run. @throws if the hub cannot be asked */
  statusOf(runId: string): Promise<OrchestrationStatus>;
  /** Starts the orchestration of a run, unless it is active. */
  start(runId: string): Promise<void>;
  /** Ends what is left of a run's orchestration: it must not make or wait for load any more. */
  end(record: RunRecord, reason: string): Promise<void>;
  /** Concludes a run by an orchestration of its own, which goes on while the store is away. */
  conclude(runId: string, reason: string): Promise<void>;
};

/** What must be done with a run so that it does not wait for ever. */
export type Reconciliation =
  | { readonly what: 'nothing' }
  | { readonly what: 'start' }
  /** `isActive`: its orchestration must be ended first. */
  | { readonly what: 'fail' | 'conclude'; readonly reason: string; readonly isActive: boolean }
  | { readonly what: 'end'; readonly reason: string };

/** Multiples of the dead-after time: with 30 s they are minutes. */
const START_WITHIN = 20;
const OVERDUE_AFTER = 30;
const STUCK_AFTER = 60;
const LEFTOVER_AFTER = 2;

/**
 * Compares the record of a run with its orchestration. A run that was never started, or whose orchestration failed before
 * it had a schedule, is started, or fails if that comes too late for whoever started it. A run whose orchestration is over, or has taken far too long, is concluded from what is
 * stored. An orchestration that outlives its run is ended.
 */
export function reconciliationOf(
  record: RunRecord,
  orchestration: OrchestrationStatus,
  nowMs: number,
  { deadAfterMs }: Timing,
): Reconciliation {
  const isActive = orchestration.state === 'active';
  const ageMs = nowMs - Date.parse(record.createdAt);
  if (hasEnded(record)) {
    const endedMs = nowMs - Date.parse(record.endedAt ?? record.createdAt);
    if (!isActive || endedMs < LEFTOVER_AFTER * deadAfterMs) return { what: 'nothing' };
    return { what: 'end', reason: `the run is ${record.state}` };
  }
  const isUnstarted = record.state === 'queued' && orchestration.state === 'absent';
  if (isUnstarted && ageMs < deadAfterMs) return { what: 'nothing' };
  // Without a schedule there was no load, so a start cannot double it.
  const mayStart = isUnstarted || (record.schedule === undefined && orchestration.state === 'failed');
  if (mayStart && ageMs < START_WITHIN * deadAfterMs) return { what: 'start' };
  if (isUnstarted) {
    const reason = 'The run was stored but not started, because the process that stored it ended. Start a new run.';
    return { what: 'fail', reason, isActive };
  }
  const what = record.schedule === undefined ? 'fail' : 'conclude';
  if (!isActive) return { what, reason: endSentence(orchestration), isActive };
  const dueMs =
    record.schedule === undefined || record.state === 'concluding'
      ? Math.max(Date.parse(record.createdAt), record.schedule?.endAtMs ?? 0) + STUCK_AFTER * deadAfterMs
      : record.schedule.endAtMs + OVERDUE_AFTER * deadAfterMs;
  if (nowMs < dueMs) return { what: 'nothing' };
  const minutes = Math.round((nowMs - (record.schedule?.endAtMs ?? Date.parse(record.createdAt))) / 60_000);
  const since = record.schedule === undefined ? 'its creation' : 'its planned end';
  const reason = `The orchestration of the run was ended, because the run was ${record.state} ${minutes} minutes after ${since}.`;
  return { what, reason, isActive };
}

/** True if a look at the record alone shows that the run should have gone on or ended by now. */
export function looksStuck(record: RunRecord, nowMs: number, { deadAfterMs }: Timing): boolean {
  if (hasEnded(record)) return false;
  const { schedule, createdAt } = record;
  const expectedMs = schedule === undefined ? Date.parse(createdAt) : schedule.endAtMs;
  return nowMs > expectedMs + LEFTOVER_AFTER * deadAfterMs;
}

/**
 * Does what a run needs so that it ends. May be repeated, and by several processes.
 * @returns what was done
 * @throws if the hub or the store fails; the next call tries again
 */
export async function reconcile(context: RunContext, hub: OrchestrationHub, runId: string): Promise<Reconciliation> {
  const { store, clock, timing } = context;
  const orchestration = await hub.statusOf(runId);
  // Read after the status: an orchestration that has completed had stored the end of its run before.
  const record = await readRun(store, runId);
  const needed = reconciliationOf(record, orchestration, clock.now(), timing);
  switch (needed.what) {
    case 'start':
      if (orchestration.state === 'failed') await noteFault(store, runId, restartSentence(orchestration));
      await hub.start(runId);
      break;
    case 'end':
      await hub.end(record, needed.reason);
      break;
    case 'fail':
      await failRun(context, runId, needed.reason);
      if (needed.isActive) await hub.end(record, needed.reason);
      break;
    case 'conclude':
      await hub.conclude(runId, needed.reason);
      await hub.end(record, needed.reason);
      break;
  }
  return needed;
}

async function noteFault(store: RunStore, runId: string, fault: string): Promise<void> {
  await store.changeRun(runId, ({ faults = [] }) =>
    faults.includes(fault) ? undefined : { faults: [...faults, fault] },
  );
}

function restartSentence(orchestration: OrchestrationStatus): string {
  return endSentence(orchestration).replace(/\.$/, ' and was started again.');
}

/** Why a run's orchestration is over, as a sentence. */
export function endSentence({ state, detail }: OrchestrationStatus): string {
  const because = detail === '' ? '' : ` (${detail})`;
  switch (state) {
    case 'terminated':
      return `The orchestration of the run was terminated${because}.`;
    case 'failed':
      return `The orchestration of the run failed${because}.`;
    case 'absent':
      return 'The orchestration of the run is not in the task hub: its history was deleted, or the task hub was replaced.';
    case 'completed':
    case 'active':
      return 'The orchestration of the run ended before the run.';
  }
}
