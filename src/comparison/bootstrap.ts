import { bucketsOf, type LatencyBatch } from '../summary/batches.ts';
import { randomFor } from '../traffic/random.ts';
import type { Interval } from './comparison.ts';

/** Differences of the current run from the baseline, one for each resample that had requests in both, ascending. */
export type ResampledChanges = {
  /** Logarithm of the ratio of the percentiles; swapping the runs changes only its sign. */
  readonly logLatency: Float64Array;
  readonly usefulRate: Float64Array;
};

/** Fixed, so that comparing the same two reports always gives the same result. */
const SEED = 1;

/**
 * A cluster bootstrap: draws whole batches with replacement and compares their figures, `resamples` times.
 * @param paired whether batch k of one run belongs to batch k of the other. Both runs then draw the same batches, so what
 *   the plan does over time, such as a ramp, cancels out.
 */
export function resampleChanges(
  baseline: BatchPool,
  current: BatchPool,
  q: number,
  resamples: number,
  paired: boolean,
): ResampledChanges {
  const random = randomFor(SEED);
  const logLatency: number[] = [];
  const usefulRate: number[] = [];
  const [first, second] = [new Float64Array(baseline.size), new Float64Array(current.size)];
  const compare = (forBaseline: Float64Array, forCurrent: Float64Array) => {
    drawWeights(first, forBaseline);
    drawWeights(second, forCurrent);
    const latency = Math.log(current.quantile(second, q)) - Math.log(baseline.quantile(first, q));
    if (Number.isFinite(latency)) logLatency.push(latency);
    const rate = current.usefulRate(second) - baseline.usefulRate(first);
    if (!Number.isNaN(rate)) usefulRate.push(rate);
  };
  const draws = Math.max(baseline.size, current.size);
  const [one, other] = [new Float64Array(draws), new Float64Array(draws)];
  const draw = (numbers: Float64Array) => {
    for (let at = 0; at < draws; at++) numbers[at] = random();
  };
  for (let done = 0; done < resamples; done += paired ? 1 : 2) {
    draw(one);
    if (paired) {
      compare(one, one);
      continue;
    }
    // Each pair of draws is used both ways, so that swapping the runs swaps the result exactly.
    draw(other);
    compare(one, other);
    compare(other, one);
  }
  return { logLatency: Float64Array.from(logLatency).sort(), usefulRate: Float64Array.from(usefulRate).sort() };
}

/** Sets how often each batch is drawn. @param drawn a number in [0, 1) for each draw */
function drawWeights(weights: Float64Array, drawn: Float64Array): void {
  weights.fill(0);
  for (let draw = 0; draw < weights.length; draw++) {
    const at = Math.floor((drawn[draw] as number) * weights.length);
    weights[at] = (weights[at] as number) + 1;
  }
}

/** How often each batch is drawn. */
type Weights = ArrayLike<number>;

/** The batches of one operation, laid out so that quantiles and shares of any weighting are fast to compute. */
export class BatchPool {
  readonly size: number;
  readonly #fromUs: Float64Array;
  readonly #toUs: Float64Array;
  /** For each bucket and, within it, each batch: how many latencies of the batch lie in the bucket or below. */
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
   * The quantile in microseconds, interpolated within its bucket so that a small shift is not lost; NaN when the drawn
   * batches have no useful request.
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
    const total = this.#useful.reduce((sum, useful) => sum + useful, 0);
    const row = this.#rowOf(all, q * total);
    const shareBelow = this.#countTo(all, row) / total;
    return this.#useful.map((useful, at) => {
      return (useful * shareBelow - (this.#below[row * this.size + at] as number)) / total;
    });
  }

  /** Share of useful requests; NaN when the drawn batches have no requests. */
  usefulRate(weights: Weights): number {
    const useful = weighted(this.#useful, weights);
    return useful / (useful + weighted(this.#failures, weights));
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

function weighted(counts: readonly number[], weights: Weights): number {
  let sum = 0;
  for (let at = 0; at < counts.length; at++) sum += (counts[at] as number) * (weights[at] as number);
  return sum;
}

/**
 * The bounds that hold the share `confidence` of the resampled values, moved away from `resampledFrom` by the factor
 * `widening`. The interval always includes the estimate.
 * @param sorted resampled values, ascending, not empty
 * @param resampledFrom the value of the data that the resamples were drawn from; buckets may have rounded it
 */
export function intervalAround(
  sorted: Float64Array,
  resampledFrom: number,
  estimate: number,
  confidence: number,
  widening: number,
): Interval {
  const outside = Math.floor((sorted.length * (1 - confidence)) / 2);
  const widened = (value: number) => resampledFrom + widening * (value - resampledFrom);
  return {
    estimate,
    low: Math.min(estimate, widened(sorted[outside] as number)),
    high: Math.max(estimate, widened(sorted[sorted.length - 1 - outside] as number)),
  };
}

/** The interval in another unit; `to` must be an increasing function. */
export function mapInterval({ estimate, low, high }: Interval, to: (value: number) => number): Interval {
  return { estimate: to(estimate), low: to(low), high: to(high) };
}

/**
 * The factor to widen an interval by that is made of percentiles of a bootstrap over few clusters. Such an interval is too
 * narrow by about sqrt((n-1)/n), and by the ratio of the normal distribution to Student's t (Hesterberg, "What Teachers
 * Should Know About the Bootstrap", 2015, section 4, which moves the percentiles to the same effect).
 * @param clusters number of clusters that were resampled, 5 or more
 * @param confidence level of a two-sided interval, between 0.5 and 0.999
 */
export function smallSampleFactor(clusters: number, confidence: number): number {
  return Math.sqrt(clusters / (clusters - 1)) * tOverNormal(clusters - 1, normalQuantile((1 - confidence) / 2));
}

/** Student's t quantile as a multiple of the normal one: Abramowitz and Stegun, 26.7.5; within 2 % from 4 degrees of freedom. */
function tOverNormal(degrees: number, normal: number): number {
  const square = normal * normal;
  const g1 = (square + 1) / 4;
  const g2 = ((5 * square + 16) * square + 3) / 96;
  const g3 = (((3 * square + 19) * square + 17) * square - 15) / 384;
  const g4 = ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945) / 92_160;
  return 1 + g1 / degrees + g2 / degrees ** 2 + g3 / degrees ** 3 + g4 / degrees ** 4;
}

/** The value that a standard normal variable exceeds with this probability, at most a half: Abramowitz and Stegun, 26.2.23. */
function normalQuantile(upperTail: number): number {
  const t = Math.sqrt(-2 * Math.log(upperTail));
  const top = (0.010_328 * t + 0.802_853) * t + 2.515_517;
  const bottom = ((0.001_308 * t + 0.189_269) * t + 1.432_788) * t + 1;
  return t - top / bottom;
}

/** Above this a run is one slow movement instead of a series of batches, and no factor can correct for that. */
const MAX_CORRELATION = 0.8;

/**
 * The factor to widen an interval by because neighbouring batches are alike, as in a run that drifts. It is the increase
 * in the standard error of a mean under a first-order autoregression.
 * @param quantileInfluence of the batches in order of time; the sum is 0
 */
export function autocorrelationFactor(quantileInfluence: readonly number[]): number {
  const squares = quantileInfluence.reduce((sum, value) => sum + value * value, 0);
  if (squares === 0) return 1;
  const products = quantileInfluence.reduce((sum, value, at) => sum + value * (quantileInfluence[at + 1] ?? 0), 0);
  const correlation = Math.min(MAX_CORRELATION, Math.max(0, products / squares));
  return Math.sqrt((1 + correlation) / (1 - correlation));
}
