import type { ThinkTime } from '../plan/think-time-schema.ts';
import type { Random } from './random.ts';

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
