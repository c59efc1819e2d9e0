import type { LatencyBatch } from '../summary/batches.ts';
import { bucketsOf } from '../summary/batches-buckets.ts';

/** How often each batch is drawn. */
export type Weights = ArrayLike<number>;

/** The batches of one operation, laid out so that any weighting of them has its quantiles and shares at once. */
export class BatchPool {
  readonly size: number;
  readonly #fromUs: Float64Array;
  readonly #toUs: Float64Array;
  /** For each bucket in turn and each batch, how many latencies of the batch lie in it or below. */
  readonly #below: Float64Array;
  readonly #useful: readonly number[];
  readonly #failures: readonly number[];

  /** @param batches undefined where the operation sent nothing. @throws when a histogram is damaged */
  constructor(batches: readonly (LatencyBatch | undefined)[]) {
    this.size = batches.length;
    this.#useful = batches.map((batch) => batch?.useful ?? 0);
    this.#failures = batches.map((batch) => batch?.failures ?? 0);
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
   * The quantile in microseconds, spread evenly over the width of its bucket, so that a small shift is not lost in it;
   * NaN when the drawn batches have no useful request.
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
   * For each batch, by how many more of its latencies than the average batch of its size it lies above the quantile of
   * all, as a share of all latencies: what the batch adds to the quantile's error. They add up to 0.
   */
  leanings(q: number): number[] {
    const all = new Float64Array(this.size).fill(1);
    const total = this.#useful.reduce((sum, useful) => sum + useful, 0);
    const row = this.#rowOf(all, q * total);
    const shareBelow = this.#countTo(all, row) / total;
    return this.#useful.map((useful, at) => {
      return (useful * shareBelow - (this.#below[row * this.size + at] as number)) / total;
    });
  }

  /** Share of useful requests; NaN when the drawn batches have no request. */
  usefulRate(weights: Weights): number {
    const useful = weighted(this.#useful, weights);
    return useful / (useful + weighted(this.#failures, weights));
  }

  /** The first bucket up to which at least so many latencies lie. */
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

function weighted(counts: readonly number[], weights: Weights): number {
  let sum = 0;
  for (let at = 0; at < counts.length; at++) sum += (counts[at] as number) * (weights[at] as number);
  return sum;
}
