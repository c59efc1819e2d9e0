import type { RunContext } from './run-context.ts';

/** Ends a run that broke for a reason of our own, so that nobody waits for it. */
export async function failRun({ store, clock }: RunContext, runId: string, reason: string): Promise<void> {
  await store.updateRun(runId, { state: 'failed', problems: [reason], endedAt: new Date(clock.now()).toISOString() });
}
