import type { LatencyBatch } from '../summary/batches.ts';
import type { ComparedOperation } from './comparison.ts';

/** One operation in both runs. */
export type OperationPair = readonly [baseline: ComparedOperation, current: ComparedOperation];

/** The batches of one operation in both runs; undefined where the operation was not called. */
export type BatchPair = {
  readonly baseline: readonly (LatencyBatch | undefined)[];
  readonly current: readonly (LatencyBatch | undefined)[];
};

export type PairedBatches = {
  /** Whether batch k of one run covers the same time as batch k of the other. */
  readonly paired: boolean;
  /** Number of batches of each run, the same for all operations. */
  readonly sizes: readonly [baseline: number, current: number];
  /** In the order of the operations. */
  readonly operations: readonly BatchPair[];
};

/** Lays out the batches of operations so that each batch has the same number in all of them, and in both runs if it can. */
export function pairBatches(pairs: readonly OperationPair[]): PairedBatches {
  const [before, after] = [timesOf(pairs.map(([first]) => first)), timesOf(pairs.map(([, second]) => second))];
  const all = timesOf(pairs.flat());
  // Two runs of one plan have the same batches, except those in which a run called nothing.
  const paired = all.size <= Math.max(before.size, after.size);
  const times = paired ? ([all, all] as const) : ([before, after] as const);
  return {
    paired,
    sizes: [times[0].size, times[1].size],
    operations: pairs.map(([first, second]) => ({
      baseline: laidOut(first.batches, times[0]),
      current: laidOut(second.batches, times[1]),
    })),
  };
}

/** In order of time. */
function timesOf(operations: readonly ComparedOperation[]): Set<string> {
  const batches = operations.flatMap((each) => each.batches).toSorted((a, b) => a.fromSeconds - b.fromSeconds);
  return new Set(batches.map(timeOf));
}

function laidOut(batches: readonly LatencyBatch[], times: ReadonlySet<string>): (LatencyBatch | undefined)[] {
  const byTime = new Map(batches.map((batch) => [timeOf(batch), batch]));
  return [...times].map((time) => byTime.get(time));
}

function timeOf({ fromSeconds, toSeconds }: LatencyBatch): string {
  return `${fromSeconds} ${toSeconds}`;
}
