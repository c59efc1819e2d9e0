import type { Plan } from '../plan/plan-schema.ts';
import type { Slice } from '../plan/slices.ts';
import type { RunContext } from './run-context.ts';
import { watchRun } from './watch-run.ts';

/** How often a slice stores what it has, shows that it lives, and looks whether the run was stopped. */
const FLUSH_INTERVAL_MS = 2000;

export type Flushing = {
  /** Ends the flushing, after the flush under way. May be called more than once. */
  stop(): Promise<void>;
};

export type FlushingOptions = {
  readonly runId: string;
  readonly plan: Plan;
  readonly slice: Slice;
  /** Must not reject. */
  readonly flush: () => Promise<void>;
  /** Called when the run was asked to stop. */
  readonly onStop: () => void;
};

/**
 * Flushes a slice every two seconds and reads the run's stop flag in the same breath: ending an orchestration does not
 * end an activity, the flag does. One lane also watches the conditions that end the run, and sets the flag itself.
 */
export function keepFlushing(context: RunContext, options: FlushingOptions): Flushing {
  const { runId, plan, slice, flush, onStop } = options;
  const { store, clock } = context;
  const watch = watchRun(context, runId, plan, slice);
  const ended = new AbortController();
  const loop = async () => {
    while (!ended.signal.aborted) {
      await flush();
      const record = await store.getRun(runId).catch(() => undefined);
      if (record?.stopRequested === true || (await watch?.()) === true) onStop();
      await clock.sleepUntil(nextFlush(clock.now(), slice), ended.signal);
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

/**
 * The next instant of a lane's own grid. Lanes flush apart from each other, so that slices that share a process do not
 * hold its event loop up together; and none flushes in the first two seconds of load, when all sessions open and are
 * each measured only once.
 */
function nextFlush(nowMs: number, { startAtMs, lane, lanes }: Slice): number {
  const anchorMs = startAtMs + (lane / lanes) * FLUSH_INTERVAL_MS;
  const step = Math.ceil((nowMs + FLUSH_INTERVAL_MS / 2 - anchorMs) / FLUSH_INTERVAL_MS);
  return anchorMs + (step === 0 ? 1 : step) * FLUSH_INTERVAL_MS;
}
