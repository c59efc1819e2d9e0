import type { DurableClient } from 'durable-functions';

/** Starts the orchestration of a run under the run's own id; one that is under way already stays as it is. */
export async function startOrchestration(client: DurableClient, runId: string): Promise<void> {
  const status = await client.getStatus(runId).catch(() => undefined);
  if (status === undefined) await client.startNew('run', { instanceId: runId, input: { runId } });
}
