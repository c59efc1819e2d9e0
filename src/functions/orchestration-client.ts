import { setTimeout as delay } from 'node:timers/promises';
import type { DurableClient } from 'durable-functions';
import { foldGroups } from '../run/fold-groups.ts';
import type { RunRecord } from '../store/run-record.ts';
import { groupInstanceId, STOP_EVENT } from './messages.ts';

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
