import type { ThinkTime } from '../plan/scenario-schema.ts';
import type { Random } from './random.ts';

/** How long a virtual user pauses after an iteration, in milliseconds. */
export function drawThinkTime(thinkTime: ThinkTime, random: Random): number {
  switch (thinkTime.type) {
    case 'none':
      return 0;
    case 'constant':
      return thinkTime.duration;
    case 'uniform':
      return between(thinkTime.range, random);
    case 'agent':
      return between(random() < thinkTime.intraTurnProbability ? thinkTime.intraTurn : thinkTime.interTurn, random);
  }
}

function between(range: { readonly min: number; readonly max: number }, random: Random): number {
  return range.min + random() * (range.max - range.min);
}
