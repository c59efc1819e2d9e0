import type { DurableClient } from 'durable-functions';
import { endSentence, type OrchestrationHub } from '../run/reconcile.ts';
import {
  conclusionInstanceId,
  endGroups,
  orchestrationStatus,
  startOrchestration,
  startUnlessActive,
} from './orchestration-client.ts';
import type { ConcludeInput } from './orchestration-inputs.ts';

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
      const input: ConcludeInput = { runId, faults: [reason] };
      await startUnlessActive(client, 'conclude-run', conclusionInstanceId(runId), input);
    },
  };
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
