import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { ThinkTime } from '../plan/scenario-parts.ts';
import type { ScenarioSegment } from '../plan/slices.ts';
import { isArrival, isIterationBound } from '../plan/timeline.ts';

/** Draws numbers in [0, 1). */
export type Random = () => number;

/**
 * What each iteration of a segment draws from, by its ordinal; the same for any number of lanes. Where virtual users set
 * the pace they count their iterations from 0 in every window, so the window is part of the seed: otherwise each window
 * would repeat the calls of the first. All other scenarios count over the whole run, and draw the same for any number of
 * windows.
 */
export function randomPerIteration(
  seed: number,
  { scenario, index, window }: Pick<ScenarioSegment, 'scenario' | 'index' | 'window'>,
): (ordinal: number) => Random {
  const windowSeed = isArrival(scenario) || isIterationBound(scenario) ? 0 : window;
  return (ordinal) => randomFor(seed, index, ordinal, windowSeed);
}

/** A separate stream of random numbers for every list of seeds. */
export function randomFor(...seeds: readonly number[]): Random {
  // Made at the first draw: an iteration that draws nothing need not pay for it.
  let generator: ReturnType<typeof xoroshiro128plus> | undefined;
  return () => {
    generator ??= xoroshiro128plus(seeds.reduce(mix, 0x9e37_79b9));
    return uniformFloat64(generator);
  };
}

/** Folds a number into a 32-bit state. The multiplications are MurmurHash3's finaliser, which spreads single bits widely. */
function mix(state: number, seed: number): number {
  let bits = (state ^ seed) + 0x9e37_79b9;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return (bits ^ (bits >>> 16)) | 0;
}

/** Draws how long a virtual user pauses, in milliseconds. */
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

/** Draws from the standard normal distribution, by the transform of Box and Muller (1958). */
function drawNormal(random: Random): number {
  // random() can be 0, whose logarithm is not a number, but is never 1.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
