import type { FoldGroup } from './fold-slices.ts';

/** At most this many slices hang on one orchestrator, whose history grows with the square of their number. */
export const GROUP_LANES = 100;

/** Divides a run's slices into the groups that are orchestrated and folded together. */
export function foldGroups({ lanes, windows }: { readonly lanes: number; readonly windows: number }): FoldGroup[] {
  return Array.from({ length: windows }, (_, window) => windowGroups(lanes, window)).flat();
}

/** The groups of one window. */
export function windowGroups(lanes: number, window: number): FoldGroup[] {
  return Array.from({ length: Math.ceil(lanes / GROUP_LANES) }, (_, index) => {
    const firstLane = index * GROUP_LANES;
    return { window, firstLane, lanes: Math.min(GROUP_LANES, lanes - firstLane) };
  });
}
