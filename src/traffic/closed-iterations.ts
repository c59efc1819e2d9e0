import type { Share } from '../plan/slices.ts';
import { maxVusOf } from '../plan/timeline.ts';
import type { Iteration } from './virtual-user.ts';

/**
 * The iterations of one virtual user that counts its own. Their ordinals interleave those of all virtual users of the
 * scenario, so that no two are the same.
 * @param vu its number in the run
 */
export function closedIterations({ scenario, firstVu }: Share, vu: number): () => Iteration {
  const place = vu - firstVu;
  const all = maxVusOf(scenario);
  let number = -1;
  return () => {
    number++;
    return { number, ordinal: number * all + place, intendedMs: undefined };
  };
}
