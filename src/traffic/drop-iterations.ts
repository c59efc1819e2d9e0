import type { ExecutorOptions } from './executor.ts';
import type { StartTally } from './start-tally.ts';
import type { Iteration } from './virtual-user.ts';

/** So many are dropped before others get their turn of the event loop, and those that store them. */
const DROPPED_IN_A_ROW = 5000;
const YIELD_MS = 1;

/** Drops iterations that time ran out for, however many. */
export async function dropIterations(
  { onDropped, clock }: ExecutorOptions,
  iterations: { readonly hasNext: () => boolean; readonly next: () => Iteration },
  tally: StartTally,
): Promise<void> {
  for (let dropped = 1; iterations.hasNext(); dropped++) {
    tally.drop();
    onDropped(iterations.next());
    if (dropped % DROPPED_IN_A_ROW === 0) await clock.sleepUntil(clock.now() + YIELD_MS);
  }
}
