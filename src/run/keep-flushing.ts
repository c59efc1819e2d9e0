import type { RunContext } from './run-context.ts';

/** How often a slice stores what it has, shows that it lives, and looks whether the run was stopped. */
const FLUSH_INTERVAL_MS = 2000;

export type Flushing = {
  /** Ends the flushing, after the flush under way. May be called more than once. */
  stop(): Promise<void>;
};

/**
 * Flushes a slice every two seconds and reads the run's stop flag in the same breath: ending an orchestration does not
 * end an activity, the flag does.
 * @param phase between 0 and 1, apart for each lane, so that the slices of one process do not all flush at once and hold up
 *   its event loop
 * @param flush must not reject
 * @param onStop called when the run was asked to stop
 */
export function keepFlushing(
  context: RunContext,
  runId: string,
  phase: number,
  flush: () => Promise<void>,
  onStop: () => void,
): Flushing {
  const { store, clock } = context;
  const ended = new AbortController();
  const loop = async () => {
    while (!ended.signal.aborted) {
      await flush();
      const record = await store.getRun(runId).catch(() => undefined);
      if (record?.stopRequested === true) onStop();
      await clock.sleepUntil(nextFlush(clock.now(), phase), ended.signal);
    }
  };
  const done = loop();
  return {
    async stop() {
      ended.abort();
      await done;
    },
  };
}

/** The next instant of a lane's own grid, at least half an interval away. */
function nextFlush(nowMs: number, phase: number): number {
  const offsetMs = phase * FLUSH_INTERVAL_MS;
  const steps = Math.ceil((nowMs + FLUSH_INTERVAL_MS / 2 - offsetMs) / FLUSH_INTERVAL_MS);
  return steps * FLUSH_INTERVAL_MS + offsetMs;
}
