import type { TargetConnection } from '../mcp/http/target-connection.ts';
import type { Share } from '../plan/slices.ts';
import { maxVusOf } from '../plan/timeline.ts';
import type { Clock } from '../traffic/clock.ts';

export type EndOptions = {
  readonly clock: Clock;
  readonly share: Share;
  /** That of the share's target, which other shares may use as well. */
  readonly connection: Pick<TargetConnection, 'abortAll'>;
  /** Aborted when the load is to end before its time. */
  readonly stopping: AbortSignal;
  /** Is aborted when nobody may wait for anything any more. */
  readonly ended: AbortController;
  /** Aborted when the share's virtual users have ended. */
  readonly done: AbortSignal;
};

/** After a stop, requests under way have this long to end by themselves. */
const STOP_GRACE_MS = 5000;

/** Aborts what a share still has under way when its graceful stop is over, and again what began after that. */
export async function endInTime({ clock, share, connection, stopping, ended, done }: EndOptions): Promise<void> {
  const { scenario, firstVu, toMs } = share;
  const graceEndMs = toMs + scenario.gracefulStop;
  const afterLastVu = firstVu + maxVusOf(scenario);
  await clock.sleepUntil(graceEndMs, AbortSignal.any([stopping, done]));
  if (stopping.aborted) await clock.sleepUntil(Math.min(graceEndMs, clock.now() + STOP_GRACE_MS), done);
  while (!done.aborted) {
    ended.abort();
    connection.abortAll('the graceful stop is over', (vu) => vu >= firstVu && vu < afterLastVu);
    // Virtual users say goodbye to their servers now; a server that does not answer is not waited for either.
    await clock.sleepUntil(clock.now() + STOP_GRACE_MS, done);
  }
}
