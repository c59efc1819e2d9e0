import { JsHistogram } from 'hdr-histogram-js';
import { type Cell, waitsOf } from './fold.ts';
import { emptyHistogram, readHistogram, recordMicroseconds, writeHistogram } from './percentiles.ts';

/**
 * What one operation did in one batch: a group of consecutive intervals. Neighbouring requests share queues and caches,
 * so a single request is weaker evidence than an independent one. A comparison therefore draws whole batches.
 */
export type LatencyBatch = {
  /** Planned time of the batch, from the start of the run. Requests that started after the last batch's end are in it too. */
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly useful: number;
  readonly failures: number;
  /** Calls that were not sent, because no session could be opened for them; absent when there were none. */
  readonly blocked?: number;
  /**
   * Failures by silence, of requests and of the sessions of blocked calls, and requests that a stop ended. Absent when
   * there were none.
   */
  readonly withoutAnswer?: number;
  /**
   * Latencies of the useful requests, and how long those without an answer had waited: HDR histogram of microseconds, two
   * significant digits, compressed base64.
   */
  readonly histogram: string;
};

/** How a run's intervals are grouped; the same for all its operations, and for all runs of the same plan. */
export type BatchGrid = { readonly intervalMs: number; readonly intervalsPerBatch: number; readonly batches: number };

const MAX_BATCHES = 20;

/**
 * How to group a run's intervals into at most 20 batches.
 * @param plannedDurationMs the grid covers it, so that two runs of a plan have the same grid even if one had later
 *   requests. A run that took more than twice as long, as plans that count iterations may, is covered as it was.
 */
export function batchGrid(cells: readonly Cell[], intervalMs: number, plannedDurationMs: number): BatchGrid {
  const planned = Math.ceil(plannedDurationMs / intervalMs);
  const actual = 1 + cells.reduce((last, { interval }) => Math.max(last, interval), 0);
  const intervals = Math.max(1, actual > 2 * planned ? actual : planned);
  const intervalsPerBatch = Math.ceil(intervals / MAX_BATCHES);
  return { intervalMs, intervalsPerBatch, batches: Math.ceil(intervals / intervalsPerBatch) };
}

/** The batches of one operation in order of time, without those in which it was not called. @param cells without warm-up */
export function batchesOf(cells: readonly Cell[], grid: BatchGrid): LatencyBatch[] {
  const batchSeconds = (grid.intervalsPerBatch * grid.intervalMs) / 1000;
  const batchAt = (interval: number) => Math.min(grid.batches - 1, Math.floor(interval / grid.intervalsPerBatch));
  return [...Map.groupBy(cells, ({ interval }) => batchAt(interval))]
    .toSorted(([a], [b]) => a - b)
    .map(([batch, group]) => {
      const histogram = emptyHistogram();
      for (const { useful } of group) for (const us of useful) histogram.recordValue(us);
      const useful = histogram.totalCount;
      for (const us of waitsOf(group)) recordMicroseconds(histogram, us);
      const withoutAnswer = histogram.totalCount - useful;
      const blocked = group.reduce((sum, cell) => sum + (cell.blocked?.count ?? 0), 0);
      return {
        fromSeconds: batch * batchSeconds,
        toSeconds: (batch + 1) * batchSeconds,
        useful,
        failures: group.reduce((sum, { failed }) => sum + failed.length, 0),
        ...(blocked === 0 ? {} : { blocked }),
        ...(withoutAnswer === 0 ? {} : { withoutAnswer }),
        histogram: writeHistogram(histogram),
      };
    });
}

/** A number of latencies in [fromUs, toUs). */
type LatencyBucket = { readonly fromUs: number; readonly toUs: number; readonly count: number };

/** The non-empty buckets of a batch, ascending. @throws when its histogram is damaged */
export function bucketsOf(batch: LatencyBatch): LatencyBucket[] {
  const histogram = decoded(batch);
  const buckets: LatencyBucket[] = [];
  // The library's own iterator also works out the value of every empty bucket, which takes ten times as long.
  for (let index = 0, left = answeredOrWaited(batch); left > 0; index++) {
    const count = histogram.getCountAtIndex(index);
    if (count === 0) continue;
    buckets.push({ fromUs: histogram.valueFromIndex(index), toUs: histogram.valueFromIndex(index + 1), count });
    left -= count;
  }
  return buckets;
}

/** The number of latencies and waits, as in a batch's histogram. */
export function answeredOrWaited({
  useful,
  withoutAnswer = 0,
}: Pick<LatencyBatch, 'useful' | 'withoutAnswer'>): number {
  return useful + withoutAnswer;
}

function decoded(batch: LatencyBatch): JsHistogram {
  const { histogram: text, fromSeconds, useful, withoutAnswer = 0 } = batch;
  let histogram: ReturnType<typeof readHistogram> | undefined;
  try {
    histogram = readHistogram(text);
  } catch (error) {
    throw new Error(`The latencies of the batch at ${fromSeconds} s cannot be read.`, { cause: error });
  }
  if (!(histogram instanceof JsHistogram) || histogram.totalCount !== answeredOrWaited(batch)) {
    throw new Error(
      `The latencies of the batch at ${fromSeconds} s do not match its ${useful} useful requests and ${withoutAnswer} without an answer.`,
    );
  }
  return histogram;
}
