import type { Fold } from '../summary/fold.ts';
import { exactSpread } from './exact-spread.ts';
import type { Observations } from './observations.ts';

/** Where a cell of a fold belongs. */
export type CellPlace = { readonly interval: number; readonly part: number };

/** What the chosen cells of a fold showed, exactly. @param seconds how long the chosen part of the run lasted */
export function observeCells(
  fold: Fold,
  seconds: number,
  isChosen: (place: CellPlace) => boolean,
): Observations<Uint32Array> {
  return {
    seconds,
    operations: fold.cells.filter(isChosen).map(({ target, operation, useful, failed, failures }) => {
      return { target, operation, useful: useful.length, failed: failed.length, failures, latencies: useful };
    }),
    scenarios: fold.iterations.filter(isChosen).map(({ scenario, durations, aborted, unfed, dropped }) => {
      return { scenario, iterations: durations.length, aborted: aborted + unfed, dropped, durations };
    }),
    spreadOf: exactSpread,
  };
}
