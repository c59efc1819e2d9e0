import { partsOf, warmUpPartsOf } from '../plan/run-parts.ts';
import { planExtent } from '../plan/slices.ts';
import type { SliceLedger } from '../store/slice-ledger.ts';
import { intervalFor, type SliceFold } from '../summary/fold.ts';
import { BlockFolder } from '../summary/fold-blocks.ts';
import type { RunContext } from './run-context.ts';
import { readPlan, readScheduledRun, writeFold } from './run-documents.ts';
import { sliceOfSchedule } from './slice-of-schedule.ts';

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
    cutsMs: partsOf(plan),
    warmUpParts: warmUpPartsOf(plan),
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

function attemptsThatCount({ marker, leases, replaced }: SliceLedger): readonly string[] {
  return marker?.attemptIds ?? [...new Set([...leases, ...replaced].map(({ holder }) => holder))];
}

function sliceFold(sliceId: string, { marker, duplicates }: SliceLedger): SliceFold {
  if (marker === undefined) return { sliceId, state: 'lost', duplicates: duplicates.length, health: undefined };
  const state = marker.attemptIds.length === 1 ? 'committed' : 'partial';
  return { sliceId, state, duplicates: duplicates.length, health: marker.health };
}
