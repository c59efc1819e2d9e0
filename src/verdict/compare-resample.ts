import type { BatchPool } from '../comparison/bootstrap.ts';
import { randomFor } from '../traffic/random.ts';

/** Differences of the current run from the baseline, one for each resample that had requests in both, ascending. */
export type ResampledChanges = {
  /** Logarithm of the ratio of the percentiles: exchanging the runs turns its sign and nothing else. */
  readonly logLatency: Float64Array;
  readonly usefulRate: Float64Array;
};

/** Fixed, so that the same two reports always compare the same. */
const SEED = 1;

/**
 * Draws whole batches with replacement and compares what they add up to, over and over: a cluster bootstrap.
 * @param paired that batch k of one run belongs to batch k of the other, so both runs draw the same ones: what the plan
 *   does over time (a ramp) is then in both and cancels out
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
    weigh(first, forBaseline);
    weigh(second, forCurrent);
    const latency = Math.log(current.quantile(second, q)) - Math.log(baseline.quantile(first, q));
    if (Number.isFinite(latency)) logLatency.push(latency);
    const rate = current.usefulRate(second) - baseline.usefulRate(first);
    if (!Number.isNaN(rate)) usefulRate.push(rate);
  };
  const most = Math.max(baseline.size, current.size);
  const [one, other] = [new Float64Array(most), new Float64Array(most)];
  const draw = (numbers: Float64Array) => {
    for (let at = 0; at < most; at++) numbers[at] = random();
  };
  for (let done = 0; done < resamples; done += paired ? 1 : 2) {
    draw(one);
    if (paired) {
      compare(one, one);
      continue;
    }
    // Each pair of draws is used both ways round, so that exchanging the runs exchanges the result exactly.
    draw(other);
    compare(one, other);
    compare(other, one);
  }
  return { logLatency: Float64Array.from(logLatency).sort(), usefulRate: Float64Array.from(usefulRate).sort() };
}

/** Sets how often each batch is drawn by as many numbers between 0 and 1. */
function weigh(weights: Float64Array, drawn: Float64Array): void {
  weights.fill(0);
  for (let draw = 0; draw < weights.length; draw++) {
    const at = Math.floor((drawn[draw] as number) * weights.length);
    weights[at] = (weights[at] as number) + 1;
  }
}
