import { setImmediate as breathe } from 'node:timers/promises';
import type { Histogram } from 'hdr-histogram-js';
import type { Plan } from '../plan/plan-schema.ts';
import type { Slice } from '../plan/slices.ts';
import type { RunStore } from '../store/run-store.ts';
import type { LiveProgress } from '../summary/live-progress.ts';
import { readHistogram } from '../summary/percentiles.ts';
import { LiveThresholds, runningTotalsOf } from '../verdict/live-thresholds.ts';
import type { RunContext } from './run-context.ts';

/** Looks at a whole run once. @returns true when it has just ended the run; does not reject */
export type WatchRun = () => Promise<boolean>;

/** The watch begins so long before its window, beyond what it looks back to. */
const LEAD_MS = 10_000;

/**
 * The watch over the conditions that end a run, kept in each window by the first lane that is still at work: it reads how
 * far all lanes are and, when a condition does not hold, asks the run to stop, saying why. Undefined when no condition
 * could end the run. Lengths of time that reach back to before this lane's watch are looked at once it has seen so much.
 */
export function watchRun(context: RunContext, runId: string, plan: Plan, slice: Slice): WatchRun | undefined {
  const { clock, store } = context;
  const watcher = new LiveThresholds(plan, slice.runStartMs);
  if (!watcher.isNeeded) return undefined;
  const histograms = watcher.needsDurations ? new KnownHistograms() : undefined;
  let lanesDone = 0;
  const look = async () => {
    const nowMs = clock.now();
    if (nowMs < slice.startAtMs - watcher.reachMs - LEAD_MS) return false;
    while (lanesDone < slice.lane && (await isDone(store, runId, sliceIdOfLane(slice, lanesDone)))) lanesDone++;
    if (lanesDone < slice.lane) return false;
    const rows = await store.listProgress(runId);
    await histograms?.read(rows);
    const snapshot = runningTotalsOf(rows, reachOf(rows, slice, nowMs), histograms?.get);
    const abort = watcher.evaluate(snapshot);
    // Before its window it only collects, as the lane of the window before is still watching.
    if (abort === undefined || nowMs < slice.startAtMs || nowMs >= slice.endAtMs) return false;
    await store.updateRun(runId, { stopRequested: true, abort });
    return true;
  };
  return () =>
    look().catch((error: unknown) => {
      console.error(`The thresholds of ${runId} could not be watched and will be looked at again:`, error);
      return false;
    });
}

/** A lane that has nothing of the plan in this window, or whose scenario is over, ends before the others. */
async function isDone(store: RunStore, runId: string, sliceId: string): Promise<boolean> {
  return (await store.readLedger(runId, sliceId)).marker !== undefined;
}

/** The slice id of another lane of the same window. */
function sliceIdOfLane({ sliceId }: Slice, lane: number): string {
  return sliceId.replace(/\d+$/, (digits) => String(lane).padStart(digits.length, '0'));
}

/**
 * Up to when the totals reach: lanes tell of themselves at instants of their own, so their average, or rates would come
 * out too low.
 */
function reachOf(rows: readonly LiveProgress[], slice: Slice, nowMs: number): number {
  const window = slice.sliceId.slice(0, slice.sliceId.indexOf('-') + 1);
  const told = rows.filter(({ sliceId }) => sliceId.startsWith(window)).map(({ atMs }) => atMs);
  return told.length === 0 ? nowMs : told.reduce((sum, atMs) => sum + atMs, 0) / told.length;
}

/** Histograms of earlier looks: slices that are done tell the same again and again. */
class KnownHistograms {
  #known = new Map<string, Histogram>();

  /** Reads those that are new, a slice at a time: this process is making load as well. */
  async read(rows: readonly LiveProgress[]): Promise<void> {
    const known = new Map<string, Histogram>();
    for (const { operations, scenarios } of rows) {
      for (const { histogram } of [...operations, ...scenarios]) {
        known.set(histogram, this.#known.get(histogram) ?? readHistogram(histogram));
      }
      await breathe();
    }
    this.#known = known;
  }

  readonly get = (text: string): Histogram => this.#known.get(text) ?? readHistogram(text);
}
