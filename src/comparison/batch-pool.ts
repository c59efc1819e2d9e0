import { answeredOrWaited, bucketsOf, type LatencyBatch } from '../summary/batches.ts';
import type { Weights } from './bootstrap.ts';

/** The latencies of one operation by batch, waits without an answer included, laid out so that the quantiles of any weighting are fast to compute. */
export class BatchPool {
  readonly size: number;
  readonly #fromUs: Float64Array;
  readonly #toUs: Float64Array;
  /** For each bucket and, within it, each batch: how many latencies of the batch lie in the bucket or below. */
  readonly #below: Float64Array;
  /** The number of latencies in each batch. */
  readonly #latencies: readonly number[];

  /** @param batches undefined where the operation was not called. @throws when a histogram is damaged */
  constructor(batches: readonly (LatencyBatch | undefined)[]) {
    this.size = batches.length;
    this.#latencies = batches.map((batch) => (batch === undefined ? 0 : answeredOrWaited(batch)));
    const buckets = batches.flatMap((batch, at) =>
      batch === undefined ? [] : bucketsOf(batch).map((bucket) => ({ ...bucket, at })),
    );
    const edges = [...new Map(buckets.map(({ fromUs, toUs }) => [fromUs, toUs]))].toSorted(([a], [b]) => a - b);
    this.#fromUs = Float64Array.from(edges, ([fromUs]) => fromUs);
    this.#toUs = Float64Array.from(edges, ([, toUs]) => toUs);
    const rowOf = new Map(edges.map(([fromUs], row) => [fromUs, row]));
    this.#below = new Float64Array(edges.length * this.size);
    for (const { fromUs, count, at } of buckets) this.#below[(rowOf.get(fromUs) as number) * this.size + at] = count;
    for (let cell = this.size; cell < this.#below.length; cell++) {
      this.#below[cell] = (this.#below[cell] as number) + (this.#below[cell - this.size] as number);
    }
  }

  /**
   * The quantile in microseconds, interpolated within its bucket so that a small shift is not lost; NaN when the drawn
   * batches have no latency.
   */
  quantile(weights: Weights, q: number): number {
    const last = this.#fromUs.length - 1;
    const total = last < 0 ? 0 : this.#countTo(weights, last);
    if (total === 0) return Number.NaN;
    const rank = q * total;
    const row = this.#rowOf(weights, rank);
    const before = row === 0 ? 0 : this.#countTo(weights, row - 1);
    const inside = this.#countTo(weights, row) - before;
    const [fromUs, toUs] = [this.#fromUs[row] as number, this.#toUs[row] as number];
    return fromUs + ((rank - before) / inside) * (toUs - fromUs);
  }

  /**
   * What each batch adds to the error of the quantile: how many more of its latencies lie above the quantile than in an
   * average batch of its size, as a share of all latencies. The sum is 0.
   */
  quantileInfluence(q: number): number[] {
    const all = new Float64Array(this.size).fill(1);
    const total = this.#latencies.reduce((sum, count) => sum + count, 0);
    const row = this.#rowOf(all, q * total);
    const shareBelow = this.#countTo(all, row) / total;
    return this.#latencies.map((count, at) => {
      return (count * shareBelow - (this.#below[row * this.size + at] as number)) / total;
    });
  }

  /** The first bucket with at least so many latencies in it and below. */
  #rowOf(weights: Weights, rank: number): number {
    let [low, high] = [0, this.#fromUs.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#countTo(weights, middle) < rank) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #countTo(weights: Weights, row: number): number {
    const start = row * this.size;
    let count = 0;
    for (let at = 0; at < this.size; at++) count += (weights[at] as number) * (this.#below[start + at] as number);
    return count;
  }
}
