import { app, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { deleteExpired } from '../run/retention.ts';
import { appContext, retention } from './app-context.ts';

/** Well below functionTimeout in host.json. */
const LIMIT_MS = 10 * 60_000;

/** Deletes what is older than the operator keeps it. What one day leaves, the next day deletes. */
app.timer('delete-expired', {
  schedule: '0 17 3 * * *',
  extraInputs: [df.input.durableClient()],
  handler: async (_, invocation) => {
    const context = await appContext();
    const nowMs = context.clock.now();
    const { runs, canaries, isComplete } = await deleteExpired(context, retention, nowMs + LIMIT_MS);
    const rest = isComplete ? '' : ' Time ran out; tomorrow goes on.';
    invocation.log(`Deleted ${runs} old runs, and the samples of ${canaries} old canaries.${rest}`);
    // Last, because the host deletes all of them in one call, however long that takes.
    await purgeHistories(invocation, nowMs);
  },
});

/** Deletes the histories of orchestrations that ended and were created before the time for which runs are kept. */
async function purgeHistories(invocation: InvocationContext, nowMs: number): Promise<void> {
  const { Completed, Failed, Terminated, Canceled } = df.OrchestrationRuntimeStatus;
  const { instancesDeleted } = await df.getClient(invocation).purgeInstanceHistoryBy({
    createdTimeFrom: new Date(0),
    createdTimeTo: new Date(nowMs - retention.keepMs),
    runtimeStatus: [Completed, Failed, Terminated, Canceled],
  });
  if (instancesDeleted > 0) invocation.log(`Deleted ${instancesDeleted} old histories of orchestrations.`);
}
