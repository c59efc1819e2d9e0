import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Histogram } from 'hdr-histogram-js';
import type { Plan } from '../plan/plan-schema.ts';
import type { Slice } from '../plan/slices.ts';
import { isClosed } from '../store/slice-attempts.ts';
import { type LiveProgress, latestAttempts } from '../summary/live-progress.ts';
import { readHistogram } from '../summary/percentiles.ts';
import { LiveThresholds, runningTotalsOf } from '../verdict/live-thresholds.ts';
import { SignsOfLife } from './lease.ts';
import type { RunContext } from './run-context.ts';

/** Evaluates the live thresholds of a whole run once. @returns true if this has just ended the run; never rejects */
type WatchRun = () => Promise<boolean>;

/** The watch begins this long before its window, in addition to the time that its thresholds look back. */
const LEAD_MS = 10_000;

/**
 * Watches the conditions that may end a run. In each window, the first lane that is still active keeps the watch: it
 * reads the progress of all lanes, and if a condition does not hold, it stops the run and records why. A lane that is over
 * or gives no sign of life is passed over. A sliding window that began before this lane's watch is evaluated once the
 * lane has watched for its whole length.
 * @returns undefined if no condition can end the run
 */
export function watchRun(context: RunContext, runId: string, plan: Plan, slice: Slice): WatchRun | undefined {
  const { clock, store } = context;
  const thresholds = new LiveThresholds(plan, slice.runStartMs);
  if (!thresholds.isNeeded) return undefined;
  const histograms = thresholds.needsDurations ? new HistogramCache() : undefined;
  const earlierLanes = new EarlierLanes(context, runId, slice);
  const evaluate = async () => {
    const nowMs = clock.now();
    if (nowMs < slice.startAtMs - thresholds.reachMs - LEAD_MS) return false;
    if (await earlierLanes.areActive(nowMs)) return false;
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

/** The lanes before this one in its window, of which the first active one keeps the watch. */
class EarlierLanes {
  readonly #context: RunContext;
  readonly #runId: string;
  readonly #slice: Slice;
  /** How many lanes, from the first one on, are over for good: without work in this window, stopped, or at their end. */
  #over = 0;
  readonly #signs = new SignsOfLife();
  #nextLookMs = Number.NEGATIVE_INFINITY;
  /** When each slice wrote its progress last, by its own clock, as of the last look. */
  #written: ReadonlyMap<string, number> = new Map();

  constructor(context: RunContext, runId: string, slice: Slice) {
    this.#context = context;
    this.#runId = runId;
    this.#slice = slice;
  }

  /** True while at least one of them may keep the watch. */
  async areActive(nowMs: number): Promise<boolean> {
    for (let lane = this.#over; lane < this.#slice.lane; lane++) {
      const sliceId = sliceIdOfLane(this.#slice, lane);
      if (isClosed(await this.#context.store.readAttempts(this.#runId, sliceId))) {
        if (lane === this.#over) this.#over++;
      } else if (!(await this.#isSilent(sliceId, nowMs))) {
        return true;
      }
    }
    return false;
  }

  /** True if a slice has shown no new sign of life for the dead-after time, or since this lane began to look. */
  async #isSilent(sliceId: string, nowMs: number): Promise<boolean> {
    const { deadAfterMs } = this.#context.timing;
    if (nowMs >= this.#nextLookMs) {
      this.#nextLookMs = nowMs + deadAfterMs / 3;
      await this.#look(nowMs);
    }
    return nowMs - this.#signs.since(sliceId, this.#written.get(sliceId), nowMs) > deadAfterMs;
  }

  /** Takes note of all earlier lanes, so that several that died are passed over at the same time. */
  async #look(nowMs: number): Promise<void> {
    const latest = latestAttempts(await this.#context.store.listProgress(this.#runId));
    this.#written = new Map(latest.map(({ sliceId, atMs }) => [sliceId, atMs]));
    for (let lane = this.#over; lane < this.#slice.lane; lane++) {
      const sliceId = sliceIdOfLane(this.#slice, lane);
      this.#signs.since(sliceId, this.#written.get(sliceId), nowMs);
    }
  }
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
