import { NO_TIME } from '../sample/block.ts';

/** The most that a column of microseconds holds, some 71 minutes. */
const MOST_US = NO_TIME - 1;

/** From the intended start to the end, microseconds: what a request or iteration waited for its turn is part of it. */
export function latencyUs(lagUs: number, durationUs: number): number {
  return Math.min(MOST_US, lagUs + durationUs);
}
