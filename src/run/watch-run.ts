import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Histogram } from 'hdr-histogram-js';
import type { Plan } from '../plan/plan-schema.ts';
import type { Slice } from '../plan/slices.ts';
import type { RunStore } from '../store/run-store.ts';
import { type LiveProgress, latestAttempts } from '../summary/live-progress.ts';
import { readHistogram } from '../summary/percentiles.ts';
import { LiveThresholds, runningTotalsOf } from '../verdict/live-thresholds.ts';
import type { RunContext } from './run-context.ts';

/** Evaluates the live thresholds of a whole run once. @returns true if this has just ended the run; never rejects */
type WatchRun = () => Promise<boolean>;

/** The watch begins this long before its window, in addition to the time that its thresholds look back. */
const LEAD_MS = 10_000;

/**
 * Watches the conditions that may end a run. In each window, the first lane that is still active keeps the watch: it
 * reads the progress of all lanes, and if a condition does not hold, it stops the run and records why. A sliding window
 * that began before this lane's watch is evaluated once the lane has watched for its whole length.
 * @returns undefined if no condition can end the run
 */
export function watchRun(context: RunContext, runId: string, plan: Plan, slice: Slice): WatchRun | undefined {
  const { clock, store } = context;
  const thresholds = new LiveThresholds(plan, slice.runStartMs);
  if (!thresholds.isNeeded) return undefined;
  const histograms = thresholds.needsDurations ? new HistogramCache() : undefined;
  let lanesDone = 0;
  const evaluate = async () => {
    const nowMs = clock.now();
    if (nowMs < slice.startAtMs - thresholds.reachMs - LEAD_MS) return false;
    while (lanesDone < slice.lane && (await isCommitted(store, runId, sliceIdOfLane(slice, lanesDone)))) lanesDone++;
    if (lanesDone < slice.lane) return false;
    const progress = await store.listProgress(runId);
    await histograms?.read(progress);
    const abort = thresholds.evaluate(
      runningTotalsOf(progress, timeOf(latestAttempts(progress), slice, nowMs), histograms?.get),
    );
    // Before its window it only collects totals, because a lane of the previous window is still watching.
    if (abort === undefined || nowMs < slice.startAtMs || nowMs >= slice.endAtMs) return false;
    await store.updateRun(runId, { stopRequested: true, abort });
    return true;
  };
  return () =>
    evaluate().catch((error: unknown) => {
      console.error(`Could not evaluate the thresholds of run ${runId}; trying again at the next flush:`, error);
      return false;
    });
}

/** True once a slice is complete. A lane without work in this window, or whose scenario is over, ends before others. */
async function isCommitted(store: RunStore, runId: string, sliceId: string): Promise<boolean> {
  return (await store.readAttempts(runId, sliceId)).commit !== undefined;
}

/** The slice id of another lane of the same window. */
function sliceIdOfLane({ sliceId }: Slice, lane: number): string {
  return sliceId.replace(/\d+$/, (digits) => String(lane).padStart(digits.length, '0'));
}

/**
 * The moment that the totals stand for: the average of the lanes' `atMs`. Each lane writes its progress at its own
 * moment; with a later one, rates would come out too low.
 */
function timeOf(progress: readonly LiveProgress[], slice: Slice, nowMs: number): number {
  const window = slice.sliceId.slice(0, slice.sliceId.indexOf('-') + 1);
  const times = progress.filter(({ sliceId }) => sliceId.startsWith(window)).map(({ atMs }) => atMs);
  return times.length === 0 ? nowMs : times.reduce((sum, atMs) => sum + atMs, 0) / times.length;
}

/** The decoded histograms of the last evaluation; the progress of a finished slice does not change. */
class HistogramCache {
  #known = new Map<string, Histogram>();

  /** Decodes new histograms, a slice at a time, because this process makes load meanwhile. */
  async read(progress: readonly LiveProgress[]): Promise<void> {
    const known = new Map<string, Histogram>();
    for (const { operations, scenarios } of progress) {
      const waits = operations.flatMap(({ silent, censored, blocked }) =>
        [silent ?? [], censored ?? [], blocked ?? []].flat(),
      );
      for (const { histogram } of [...operations, ...waits, ...scenarios]) {
        known.set(histogram, this.#known.get(histogram) ?? readHistogram(histogram));
      }
      await yieldToEventLoop();
    }
    this.#known = known;
  }

  readonly get = (text: string): Histogram => this.#known.get(text) ?? readHistogram(text);
}
