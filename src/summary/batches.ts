import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
  JsHistogram,
} from 'hdr-histogram-js';
import type { Cell } from './fold.ts';

/** What a histogram holds at most, as much as a column of a block. */
const MOST_US = 2 ** 32;

/** An HDR histogram of microseconds, up to more than an hour, within 1 %: enough for a look while a run is under way. */
export function emptyHistogram(): Histogram {
  return build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: MOST_US,
    numberOfSignificantValueDigits: 2,
    autoResize: false,
  });
}

/** Counts a duration; one that is longer than the histogram reaches counts as the longest. */
export function recordMicroseconds(histogram: Histogram, us: number): void {
  histogram.recordValue(Math.min(MOST_US, us));
}

/** Reads what encodeIntoCompressedBase64 wrote. */
export function readHistogram(text: string): Histogram {
  return decodeFromCompressedBase64(text, 32, false);
}

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

/** So many latencies lie in [fromUs, toUs). */
export type LatencyBucket = { readonly fromUs: number; readonly toUs: number; readonly count: number };

/** The buckets of a batch that are not empty, ascending. @throws when its histogram is damaged */
export function bucketsOf(batch: LatencyBatch): LatencyBucket[] {
  const histogram = decoded(batch);
  const buckets: LatencyBucket[] = [];
  // The library's own iterator works out the value of every empty bucket too, which takes ten times as long.
  for (let index = 0, left = batch.useful; left > 0; index++) {
    const count = histogram.getCountAtIndex(index);
    if (count === 0) continue;
    buckets.push({ fromUs: histogram.valueFromIndex(index), toUs: histogram.valueFromIndex(index + 1), count });
    left -= count;
  }
  return buckets;
}

function decoded({ histogram: text, useful, fromSeconds }: LatencyBatch): JsHistogram {
  let histogram: ReturnType<typeof readHistogram> | undefined;
  try {
    histogram = readHistogram(text);
  } catch (error) {
    throw new Error(`The latencies of the batch at ${fromSeconds} s cannot be read.`, { cause: error });
  }
  if (!(histogram instanceof JsHistogram) || histogram.totalCount !== useful) {
    throw new Error(`The batch at ${fromSeconds} s holds other latencies than its ${useful} useful requests.`);
  }
  return histogram;
}
