import type { DurableClient } from 'durable-functions';

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
