import { setTimeout as delay } from 'node:timers/promises';
import { getRun, type RunStatus } from '../../demo/runs-api.ts';
import { hasEnded } from '../../src/run/run-documents.ts';

const LIMIT_MS = 60_000;

/** Polls a run until it fulfils a condition, by default until it has ended. @throws when that takes over a minute */
export async function waitForRun(
  api: string,
  runId: string,
  until: (status: RunStatus) => boolean = hasEnded,
  headers: Readonly<Record<string, string>> = {},
): Promise<RunStatus> {
  const limitMs = performance.now() + LIMIT_MS;
  for (;;) {
    const status = await getRun(api, runId, headers);
    if (until(status)) return status;
    if (performance.now() > limitMs)
      throw new Error(`Run ${runId} is still ${status.state}: ${JSON.stringify(status)}`);
    await delay(100);
  }
}
