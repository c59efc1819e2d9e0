import { JsHistogram } from 'hdr-histogram-js';
import type { LatencyBatch } from './batches.ts';
import { readHistogram } from './histogram.ts';

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
