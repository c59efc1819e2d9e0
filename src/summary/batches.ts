import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import type { Cell } from './fold.ts';
import { emptyHistogram } from './histogram.ts';

/**
 * What one operation did in one stretch of the run: consecutive intervals taken together. Neighbouring requests share
 * queues and caches, so a request says less than it would by itself; whole stretches are what a comparison draws from.
 */
export type LatencyBatch = {
  /** The stretch by the plan, from the start of the run; requests that started after the last one's end are in it too. */
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly useful: number;
  readonly failures: number;
  /** Latencies of the useful requests: HDR histogram of microseconds, two significant digits, compressed base64. */
  readonly histogram: string;
};

/** How a run's intervals are put together; the same for all its operations, and for all runs of the same plan. */
export type BatchGrid = { readonly intervalMs: number; readonly intervalsPerBatch: number; readonly batches: number };

const MOST_BATCHES = 20;

/**
 * @param plannedDurationMs what the grid is cut by, so that two runs of a plan have the same one although the last
 *   requests of one came later; unless the run went on for more than twice as long, which iterations without end do
 */
export function batchGrid(cells: readonly Cell[], intervalMs: number, plannedDurationMs: number): BatchGrid {
  const planned = Math.ceil(plannedDurationMs / intervalMs);
  const actual = 1 + cells.reduce((last, { interval }) => Math.max(last, interval), 0);
  const intervals = Math.max(1, actual > 2 * planned ? actual : planned);
  const intervalsPerBatch = Math.ceil(intervals / MOST_BATCHES);
  return { intervalMs, intervalsPerBatch, batches: Math.ceil(intervals / intervalsPerBatch) };
}

/** The batches of one operation in order of time, without those in which it sent nothing. @param cells without warm-up */
export function batchesOf(cells: readonly Cell[], grid: BatchGrid): LatencyBatch[] {
  const batchSeconds = (grid.intervalsPerBatch * grid.intervalMs) / 1000;
  const batchAt = (interval: number) => Math.min(grid.batches - 1, Math.floor(interval / grid.intervalsPerBatch));
  return [...Map.groupBy(cells, ({ interval }) => batchAt(interval))]
    .toSorted(([a], [b]) => a - b)
    .map(([batch, group]) => {
      const histogram = emptyHistogram();
      for (const { useful } of group) for (const us of useful) histogram.recordValue(us);
      return {
        fromSeconds: batch * batchSeconds,
        toSeconds: (batch + 1) * batchSeconds,
        useful: histogram.totalCount,
        failures: group.reduce((sum, { failed }) => sum + failed.length, 0),
        histogram: encodeIntoCompressedBase64(histogram),
      };
    });
}
