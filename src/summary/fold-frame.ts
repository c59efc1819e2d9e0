import { partAt } from '../plan/run-parts.ts';

/** What the samples of a run are placed in. */
export type FoldFrame = {
  /** Planned start of the run, epoch. */
  readonly runStartMs: number;
  /** Width of the intervals that are counted from it. */
  readonly intervalMs: number;
  /** Where the run is cut into parts, milliseconds from its start, ascending. */
  readonly cutsMs: readonly number[];
  /** How many of the first parts are warm-up. */
  readonly warmUpParts: number;
};

/** The interval of an instant; what comes before the run is in the first. @param atMs epoch */
export function intervalAt({ runStartMs, intervalMs }: FoldFrame, atMs: number): number {
  return Math.max(0, Math.floor((atMs - runStartMs) / intervalMs));
}

/** The part of an instant. @param atMs epoch */
export function partOf({ runStartMs, cutsMs }: FoldFrame, atMs: number): number {
  return partAt(cutsMs, atMs - runStartMs);
}
