import { randomFor } from '../traffic/random.ts';
import type { Interval } from './comparison.ts';

/** Fixed, so that comparing the same two reports always gives the same result. */
const SEED = 1;
const MIN_RESAMPLES = 2000;
/** Resamples that must lie outside the interval, on both sides together. */
const RESAMPLES_BEYOND = 20;

/** With fewer clusters a bootstrap cannot estimate its own error. */
export const MIN_BATCHES = 5;

/** How often each batch is drawn. */
export type Weights = ArrayLike<number>;

/** The batches of two runs, which are drawn. */
type ResampledBatches = {
  /** Number of batches of each run. */
  readonly sizes: readonly [baseline: number, current: number];
  /**
   * Whether batch k of one run belongs to batch k of the other. Both runs then draw the same batches, so what the plan does
   * over time, such as a ramp, cancels out.
   */
  readonly paired: boolean;
  /** Number of batches with data, of the run with fewer of them. */
  readonly clusters: number;
  /** What each batch of a run adds to the error of its figure; each sum is 0. */
  readonly influence: readonly [baseline: readonly number[], current: readonly number[]];
};

/**
 * The confidence interval of the change of a figure between two runs, by drawing their batches with replacement. It is
 * widened for few batches and for what neighbouring batches have in common.
 * @param estimate the exact change; buckets of histograms may have rounded the one that the batches show
 * @param changeOf the change with weighted batches, NaN where the drawn ones have no data; must not keep the weights
 * @returns undefined when no draw has data
 */
export function resampledInterval(
  batches: ResampledBatches,
  confidence: number,
  estimate: number,
  changeOf: (baseline: Weights, current: Weights) => number,
): Interval | undefined {
  const { sizes, paired, clusters, influence } = batches;
  const changes: number[] = [];
  resample(sizes, confidence, paired, (baseline, current) => {
    const change = changeOf(baseline, current);
    if (Number.isFinite(change)) changes.push(change);
  });
  if (changes.length === 0) return undefined;
  const seen = changeOf(new Float64Array(sizes[0]).fill(1), new Float64Array(sizes[1]).fill(1));
  const widening = smallSampleFactor(clusters, confidence) * correlationFactor(...influence, paired);
  return intervalAround(Float64Array.from(changes).sort(), seen, estimate, confidence, widening);
}

/** A cluster bootstrap: draws whole batches often enough for the confidence, and compares each draw. */
function resample(
  sizes: ResampledBatches['sizes'],
  confidence: number,
  paired: boolean,
  compare: (baseline: Weights, current: Weights) => void,
): void {
  const random = randomFor(SEED);
  const resamples = Math.max(MIN_RESAMPLES, Math.ceil(RESAMPLES_BEYOND / (1 - confidence)));
  const [first, second] = [new Float64Array(sizes[0]), new Float64Array(sizes[1])];
  const draws = Math.max(...sizes);
  const [one, other] = [new Float64Array(draws), new Float64Array(draws)];
  const draw = (numbers: Float64Array) => {
    for (let at = 0; at < draws; at++) numbers[at] = random();
  };
  const compareDrawn = (forBaseline: Float64Array, forCurrent: Float64Array) => {
    drawWeights(first, forBaseline);
    drawWeights(second, forCurrent);
    compare(first, second);
  };
  for (let done = 0; done < resamples; done += paired ? 1 : 2) {
    draw(one);
    if (paired) {
      compareDrawn(one, one);
      continue;
    }
    // Each pair of draws is used both ways, so that swapping the runs swaps the result exactly.
    draw(other);
    compareDrawn(one, other);
    compareDrawn(other, one);
  }
}

/** Sets how often each batch is drawn. @param drawn a number in [0, 1) for each draw */
function drawWeights(weights: Float64Array, drawn: Float64Array): void {
  weights.fill(0);
  for (let draw = 0; draw < weights.length; draw++) {
    const at = Math.floor((drawn[draw] as number) * weights.length);
    weights[at] = (weights[at] as number) + 1;
  }
}

/**
 * The bounds that hold the share `confidence` of the resampled values, moved away from `resampledFrom` by the factor
 * `widening`. The interval always includes the estimate.
 * @param sorted resampled values, ascending, not empty
 * @param resampledFrom the value of the data that the resamples were drawn from; buckets may have rounded it
 */
function intervalAround(
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
 * @param influence what each batch adds to the error, in order of time; the sum is 0
 */
export function autocorrelationFactor(influence: readonly number[]): number {
  const squares = influence.reduce((sum, value) => sum + value * value, 0);
  if (squares === 0) return 1;
  const products = influence.reduce((sum, value, at) => sum + value * (influence[at + 1] ?? 0), 0);
  const correlation = Math.min(MAX_CORRELATION, Math.max(0, products / squares));
  return Math.sqrt((1 + correlation) / (1 - correlation));
}

/** The widening for what neighbouring batches have in common. For pairs, only what the two runs do not share counts. */
function correlationFactor(before: readonly number[], after: readonly number[], paired: boolean): number {
  if (!paired) return Math.max(autocorrelationFactor(before), autocorrelationFactor(after));
  return autocorrelationFactor(after.map((value, at) => value - (before[at] as number)));
}
