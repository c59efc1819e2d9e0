import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { ThinkTime } from '../plan/scenario-parts.ts';

/** Draws numbers in [0, 1). */
export type Random = () => number;

/**
 * A stream of its own for every list of numbers, e.g. (plan's seed, virtual user, window), so that a virtual user draws
 * the same whatever lane it runs in.
 */
export function randomFor(...seeds: readonly number[]): Random {
  // Made with the first draw: an iteration that draws nothing need not pay for it.
  let generator: ReturnType<typeof xoroshiro128plus> | undefined;
  return () => {
    generator ??= xoroshiro128plus(seeds.reduce(mix, 0x9e37_79b9));
    return uniformFloat64(generator);
  };
}

/** Folds one number into a 32-bit state; the multiplications are MurmurHash3's finaliser, which spreads single bits widely. */
function mix(state: number, seed: number): number {
  let bits = (state ^ seed) + 0x9e37_79b9;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return (bits ^ (bits >>> 16)) | 0;
}

/** How long a pause of a virtual user lasts, in milliseconds. */
export function drawThinkTime(thinkTime: ThinkTime, random: Random): number {
  switch (thinkTime.type) {
    case 'none':
      return 0;
    case 'constant':
      return thinkTime.duration;
    case 'uniform':
      return between(thinkTime.range, random);
    case 'lognormal':
      return Math.min(thinkTime.max, thinkTime.median * Math.exp(thinkTime.sigma * drawNormal(random)));
    case 'agent':
      return between(random() < thinkTime.intraTurnProbability ? thinkTime.intraTurn : thinkTime.interTurn, random);
  }
}

function between(range: { readonly min: number; readonly max: number }, random: Random): number {
  return range.min + random() * (range.max - range.min);
}

/** A draw from the standard normal distribution, by Box and Muller's transform (1958). */
function drawNormal(random: Random): number {
  // random() may be 0, whose logarithm is no number, and is never 1.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
