import { planExtent } from '../plan/slices.ts';
import { phasesOf, warmUpPhasesOf } from '../plan/timeline.ts';
import type { SliceAttempts } from '../store/slice-attempts.ts';
import { intervalFor, type SliceFold } from '../summary/fold.ts';
import { BlockFolder } from '../summary/fold-blocks.ts';
import type { RunContext } from './run-context.ts';
import { readPlan, readScheduledRun, writeFold } from './run-documents.ts';
import { sliceOfSchedule } from './run-slice.ts';

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

/** Lanes of one window that are folded together. */
export type FoldGroup = { readonly window: number; readonly firstLane: number; readonly lanes: number };

/** The document in which a group's fold is kept. */
export function foldName({ window, firstLane }: FoldGroup): string {
  return `fold-${window}-${firstLane}`;
}

/**
 * Adds up what the slices of a group have stored. Of a committed slice the attempts that its marker names count; of a
 * lost one all that its attempts had stored, because those requests were sent.
 */
export async function foldSlices(context: RunContext, runId: string, group: FoldGroup): Promise<void> {
  const { store } = context;
  const plan = await readPlan(store, runId);
  const { schedule } = await readScheduledRun(store, runId);
  const folder = new BlockFolder({
    runStartMs: schedule.startAtMs,
    intervalMs: intervalFor(planExtent(plan).durationMs),
    phaseBoundariesMs: phasesOf(plan),
    warmUpPhases: warmUpPhasesOf(plan),
  });
  const slices: SliceFold[] = [];
  for (let lane = group.firstLane; lane < group.firstLane + group.lanes; lane++) {
    const { sliceId } = sliceOfSchedule(plan, schedule, lane, group.window);
    const ledger = await store.readLedger(runId, sliceId);
    for (const attemptId of attemptsThatCount(ledger)) {
      for await (const block of store.readBlocks(runId, sliceId, attemptId)) folder.add(block);
    }
    slices.push(sliceFold(sliceId, ledger));
  }
  await writeFold(store, runId, foldName(group), folder.finish(slices));
}

function attemptsThatCount({ marker, leases, replaced }: SliceAttempts): readonly string[] {
  return marker?.attemptIds ?? [...new Set([...leases, ...replaced].map(({ holder }) => holder))];
}

function sliceFold(sliceId: string, { marker, duplicates }: SliceAttempts): SliceFold {
  if (marker === undefined) return { sliceId, state: 'lost', duplicates: duplicates.length, health: undefined };
  const state = marker.attemptIds.length === 1 ? 'committed' : 'partial';
  return { sliceId, state, duplicates: duplicates.length, health: marker.health };
}
