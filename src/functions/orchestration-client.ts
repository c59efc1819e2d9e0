import { setTimeout as delay } from 'node:timers/promises';
import type { DurableClient, OrchestrationRuntimeStatus } from 'durable-functions';
import { type FoldGroup, foldGroups } from '../run/fold-slices.ts';
import type { OrchestrationStatus } from '../run/reconcile.ts';
import type { RunRecord } from '../store/run-store.ts';
import { causeOf } from './orchestration-faults.ts';
import type { RunInput } from './orchestration-inputs.ts';

/** The event that ends the waiting of groups whose window has not begun. */
export const STOP_EVENT = 'stop';

/** The instance that orchestrates a group; the stop event is sent to it. */
export function groupInstanceId(runId: string, { window, firstLane }: FoldGroup): string {
  return `${runId}-w${window}-l${firstLane}`;
}

/** The instance that concludes a run whose own orchestration is over. */
export function conclusionInstanceId(runId: string): string {
  return `${runId}-conclude`;
}

/** Starts the orchestration of a run, with the run's id as its own; does nothing while it is active. */
export async function startOrchestration(client: DurableClient, runId: string): Promise<void> {
  const input: RunInput = { runId };
  await startUnlessActive(client, 'run', runId, input);
}

/** Starts an orchestration; does nothing while there is an active one with this id. */
export async function startUnlessActive(
  client: DurableClient,
  name: string,
  instanceId: string,
  input: object,
): Promise<void> {
  const isActive = async () => (await orchestrationStatus(client, instanceId)).state === 'active';
  if (await isActive()) return;
  try {
    await client.startNew(name, { instanceId, input });
  } catch (error) {
    // Of two that start it, both may have found no active instance; the host refuses the second start.
    if (!(await isActive())) throw error;
  }
}

/** The states of durable-functions; those that are not listed are active. */
const STATES: Readonly<Partial<Record<`${OrchestrationRuntimeStatus}`, OrchestrationStatus['state']>>> = {
  Completed: 'completed',
  Failed: 'failed',
  Terminated: 'terminated',
  Canceled: 'terminated',
};

const MAX_DETAIL_CHARACTERS = 160;

/** The status of an orchestration. @throws if the hub cannot be asked */
export async function orchestrationStatus(client: DurableClient, instanceId: string): Promise<OrchestrationStatus> {
  try {
    const { runtimeStatus, output } = await client.getStatus(instanceId, { showInput: false });
    const state = STATES[runtimeStatus] ?? 'active';
    const hasReason = (state === 'failed' || state === 'terminated') && typeof output === 'string';
    return { state, detail: hasReason ? causeOf(output).slice(0, MAX_DETAIL_CHARACTERS) : '' };
  } catch (error) {
    // The client throws a plain Error for an instance that does not exist.
    if (String(error).includes('HTTP 404')) return { state: 'absent', detail: '' };
    throw error;
  }
}

/** How often the stop event is sent to a group that does not exist yet; groups are created right after preflight. */
const TRIES = 20;
const RETRY_MS = 500;

/**
 * Ends the waiting of all groups of a run. The stop flag must be set before; it ends the slices that are running. A run
 * without a schedule has no groups: preflight reads the flag after it has stored the schedule.
 */
export async function stopOrchestration(client: DurableClient, { runId, schedule }: RunRecord): Promise<void> {
  if (schedule === undefined) return;
  const waiting = foldGroups(schedule).filter(({ window }) => window > 0);
  for (const group of waiting) await raiseStop(client, groupInstanceId(runId, group));
}

/** Ends the waiting of those groups of an ended run that exist. @throws if the hub cannot be reached */
export async function endGroups(client: DurableClient, { runId, schedule }: RunRecord): Promise<void> {
  const waiting = schedule === undefined ? [] : foldGroups(schedule).filter(({ window }) => window > 0);
  for (const group of waiting) {
    await client.raiseEvent(groupInstanceId(runId, group), STOP_EVENT, {}).catch((error: unknown) => {
      if (!String(error).includes('No instance')) throw error;
    });
  }
}

/**
 * Deletes the histories of a run's orchestration and of its groups. Those of its slices have ids that are not known here;
 * they are deleted when they are too old.
 */
export async function purgeOrchestration(client: DurableClient, { runId, schedule }: RunRecord): Promise<void> {
  const groups = schedule === undefined ? [] : foldGroups(schedule).map((group) => groupInstanceId(runId, group));
  for (const instanceId of [runId, conclusionInstanceId(runId), ...groups])
    await client.purgeInstanceHistory(instanceId);
}

/** Sends the stop event, which an instance that has ended ignores. */
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
