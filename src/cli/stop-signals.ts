import type { RunContext } from '../run/run-context.ts';
import { readPlan } from '../run/run-documents.ts';
import { liveView } from '../run/run-view.ts';

/** Ctrl-C, the end of a process by its supervisor, and a terminal that is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Calls `stop` at the first signal and `quit` at the second.
 * @returns removes the handlers again
 */
export function onStopSignals(stop: () => void, quit: () => void): () => void {
  let isStopping = false;
  const handle = () => {
    if (isStopping) return quit();
    isStopping = true;
    stop();
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return () => {
    for (const signal of SIGNALS) process.off(signal, handle);
  };
}

/** What a run leaves that is quit before it has ended, a sentence each. */
export async function whatIsLeft({ store, clock }: RunContext, runId: string): Promise<string[]> {
  const record = await store.getRun(runId);
  const targets = Object.keys((await readPlan(store, runId)).targets).join(', ');
  const untilServersEnd = `with ${targets} may stay open until the servers end them`;
  if (record?.schedule === undefined) {
    return ['Preflight was not finished, and no load was sent.', `The sessions that it had opened ${untilServersEnd}.`];
  }
  const elapsedSeconds = (clock.now() - record.schedule.startAtMs) / 1000;
  const live = liveView(await store.listProgress(runId), elapsedSeconds);
  const requests = live.requests + live.warmUpRequests + live.protocol.requests;
  return [
    `Virtual users that had not ended: ${live.activeVus}, by the last count. Their sessions ${untilServersEnd}.`,
    `Requests that had been counted: ${requests}, of which ${live.failures + live.protocol.failures} failed. No report was written.`,
  ];
}
