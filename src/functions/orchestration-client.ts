import { setTimeout as delay } from 'node:timers/promises';
import type { DurableClient } from 'durable-functions';
import { type FoldGroup, foldGroups } from '../run/fold-slices.ts';
import type { RunRecord, RunSchedule } from '../store/run-store.ts';

/**
 * What orchestrations pass on: ids and numbers only, because every replay carries all of it again. Plans, samples and
 * folds travel through the store. Times are epoch milliseconds.
 */
export type RunInput = { readonly runId: string };

/** Null when preflight found a fault; the faults are in the run's record. */
export type PreflightAnswer = (RunSchedule & { readonly stopRequested: boolean }) | null;

/** Lanes of one window that hang on one orchestrator, and the bounds of that window. */
export type GroupInput = RunInput & FoldGroup & { readonly startAtMs: number; readonly endAtMs: number };

/** A lost slice is not tried again after `endAtMs`. */
export type SliceInput = RunInput & { readonly lane: number; readonly window: number; readonly endAtMs: number };

export type SliceRequestInput = RunInput & { readonly lane: number; readonly window: number; readonly attempt: number };

/** Ends the waiting of groups whose window has not come. */
export const STOP_EVENT = 'stop';

/** The instance that orchestrates a group, so that it can be told to stop. */
export function groupInstanceId(runId: string, { window, firstLane }: FoldGroup): string {
  return `${runId}-w${window}-l${firstLane}`;
}

/** Starts the orchestration of a run under the run's own id; one that is there already stays as it is. */
export async function startOrchestration(client: DurableClient, runId: string): Promise<void> {
  const isThere = () =>
    client.getStatus(runId).then(
      () => true,
      () => false,
    );
  if (await isThere()) return;
  try {
    await client.startNew('run', { instanceId: runId, input: { runId } });
  } catch (error) {
    // Of two requests with the same idempotency key, both may have found nothing; the host refuses the second start.
    if (!(await isThere())) throw error;
  }
}

/** Groups are created right after preflight; one that is not there after this many tries is not waited for. */
const TRIES = 20;
const RETRY_MS = 500;

/**
 * Ends the waiting of all groups of a run. The stop flag, set before this is called, ends what is running; and preflight,
 * which looks at the flag after it has stored its schedule, ends a run that has no schedule yet.
 */
export async function stopOrchestration(client: DurableClient, { runId, schedule }: RunRecord): Promise<void> {
  if (schedule === undefined) return;
  const waiting = foldGroups(schedule).filter(({ window }) => window > 0);
  for (const group of waiting) await raiseStop(client, groupInstanceId(runId, group));
}

/** Raises the event; an instance that is over takes none and needs none. */
async function raiseStop(client: DurableClient, instanceId: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await client.raiseEvent(instanceId, STOP_EVENT, {});
    } catch (error) {
      if (tries === TRIES) throw error;
      await delay(RETRY_MS);
    }
  }
}
