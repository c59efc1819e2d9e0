import type { DurableClient, OrchestrationRuntimeStatus } from 'durable-functions';
import { endSentence, type OrchestrationHub, type OrchestrationStatus } from '../run/reconcile.ts';
import { conclusionInstanceId, endGroups, startOrchestration } from './orchestration-client.ts';
import { causeOf } from './orchestration-faults.ts';
import type { ConcludeInput } from './orchestration-inputs.ts';

const MAX_DETAIL_CHARACTERS = 160;

/** The states of durable-functions; those that are not listed are active. */
const STATES: Readonly<Partial<Record<`${OrchestrationRuntimeStatus}`, OrchestrationStatus['state']>>> = {
  Completed: 'completed',
  Failed: 'failed',
  Terminated: 'terminated',
  Canceled: 'terminated',
};

/** The orchestrations of runs in the task hub of this app. */
export function orchestrationHub(client: DurableClient): OrchestrationHub {
  return {
    statusOf: (runId) => orchestrationStatus(client, runId),

    start: (runId) => startOrchestration(client, runId),

    async end(record, reason) {
      const { state } = await orchestrationStatus(client, record.runId);
      // The client puts the text into a URL as it is.
      if (state === 'active') await client.terminate(record.runId, encodeURIComponent(reason));
      await endGroups(client, record);
    },

    async conclude(runId, reason) {
      const instanceId = conclusionInstanceId(runId);
      const isActive = async () => (await orchestrationStatus(client, instanceId)).state === 'active';
      if (await isActive()) return;
      const input: ConcludeInput = { runId, faults: [reason] };
      try {
        await client.startNew('conclude-run', { instanceId, input });
      } catch (error) {
        // Somebody else has started it meanwhile.
        if (!(await isActive())) throw error;
      }
    },
  };
}

async function orchestrationStatus(client: DurableClient, instanceId: string): Promise<OrchestrationStatus> {
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

/**
 * Asks why the orchestration of a run is over: terminate leaves activities running, so each asks for itself.
 * @returns undefined while it is active, or if the hub cannot be asked
 */
export async function whyOrchestrationEnded(hub: OrchestrationHub, runId: string): Promise<string | undefined> {
  try {
    const status = await hub.statusOf(runId);
    return status.state === 'active' ? undefined : endSentence(status);
  } catch {
    return undefined;
  }
}
