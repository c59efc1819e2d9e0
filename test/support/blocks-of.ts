import type { Block, OperationKind } from '../../src/sample/block.ts';
import { Recorder } from '../../src/sample/recorder.ts';
import type { Sample } from '../../src/sample/sample.ts';
import type { Fold, FoldFrame, SliceFold } from '../../src/summary/fold.ts';
import { BlockFolder } from '../../src/summary/fold-blocks.ts';
import { aSample } from './a-sample.ts';

/** Planned start of the runs in these tests. */
export const RUN_START_MS = 1_800_000_000_000;
export const INTERVAL_MS = 1000;

/** A sample with names instead of numbers; `atMs` is its start, milliseconds from the start of the run. */
export type SampleParts = Partial<Omit<Sample, 'operation' | 'startMs'>> & {
  readonly target?: string;
  readonly operation?: string;
  /** `step` by default. */
  readonly operationKind?: OperationKind;
  readonly atMs?: number;
};

/** The block that a recorder makes of these samples; undefined of none. */
export function blockOf(samples: readonly SampleParts[]): Block | undefined {
  const recorder = new Recorder(
    RUN_START_MS,
    () => undefined,
    (text) => text,
  );
  for (const {
    target = 'web',
    operation: name = 'tools/call:look',
    operationKind = 'step',
    atMs = 0,
    ...rest
  } of samples) {
    const operation = recorder.operation(target, name, operationKind);
    recorder.add(aSample({ ...rest, operation, startMs: RUN_START_MS + atMs }));
  }
  return recorder.drain();
}

/** The fold of these samples, a block for each list. */
export function foldOf(
  lists: readonly (readonly SampleParts[])[],
  slices: readonly SliceFold[] = [],
  frame: Partial<FoldFrame> = {},
): Fold {
  const folder = new BlockFolder({
    runStartMs: RUN_START_MS,
    intervalMs: INTERVAL_MS,
    phaseBoundariesMs: [],
    warmUpPhases: 0,
    ...frame,
  });
  for (const list of lists) {
    const block = blockOf(list);
    if (block !== undefined) folder.add(block);
  }
  return folder.finish(slices);
}
