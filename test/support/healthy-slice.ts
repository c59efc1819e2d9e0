import type { SliceFold } from '../../src/summary/fold.ts';
import type { SliceHealth } from '../../src/summary/generator-health.ts';

/** What a slice of ten seconds reports about itself when it breaks no rule, with some of its fields replaced. */
export function healthySlice(changes: Partial<SliceHealth> = {}): SliceHealth {
  return {
    startDelayMs: 0,
    eventLoopDelayMs: { p99: 1, max: 2 },
    cpuSeconds: 1,
    cpuFromSeconds: 0,
    wallSeconds: 10,
    starts: [],
    tokens: [],
    stoppedTargets: [],
    store: { errors: 0, blocks: 1, samples: 1 },
    instance: 'one',
    ...changes,
  };
}

/** The fold of such a slice, committed by its first attempt. */
export function committedSlice(changes: Partial<SliceHealth> = {}, fold: Partial<SliceFold> = {}): SliceFold {
  return { sliceId: 'w0000-l0000', state: 'committed', duplicates: 0, health: healthySlice(changes), ...fold };
}

/** The fold of a slice that no attempt committed. */
export function lostSlice(fold: Partial<SliceFold> = {}): SliceFold {
  return { sliceId: 'w0000-l0000', state: 'lost', duplicates: 0, health: undefined, ...fold };
}
