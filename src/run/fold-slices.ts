import type { Plan } from '../plan/plan-schema.ts';
import { planExtent, type Slice } from '../plan/slices.ts';
import { phasesOf, warmUpPhasesOf } from '../plan/timeline.ts';
import { requestsIn } from '../sample/block.ts';
import type { RunSchedule } from '../store/run-store.ts';
import { intervalFor, type SilentHolder, type SliceFold } from '../summary/fold.ts';
import { BlockFolder } from '../summary/fold-blocks.ts';
import type { RunContext } from './run-context.ts';
import { readPlan, readScheduledRun, writeFold } from './run-documents.ts';
import { sliceOfSchedule } from './run-slice.ts';
import { type StoredSamples, silentHolder } from './silent-holders.ts';
import { holdersThatCount, isNeededBefore, silentHolders, sliceFold, stopMsOf } from './slice-fold.ts';

/** The slices of one window that are orchestrated and folded together: `lanes` lanes from `firstLane` on. */
export type FoldGroup = { readonly window: number; readonly firstLane: number; readonly lanes: number };

/** How many slices one orchestrator manages at most; its history grows with the square of their number. */
export const GROUP_LANES = 100;

/** Divides the slices of a run into groups, in order of window and lane. */
export function foldGroups({ lanes, windows }: { readonly lanes: number; readonly windows: number }): FoldGroup[] {
  return Array.from({ length: windows }, (_, window) => windowGroups(lanes, window)).flat();
}

function windowGroups(lanes: number, window: number): FoldGroup[] {
  return Array.from({ length: Math.ceil(lanes / GROUP_LANES) }, (_, index) => {
    const firstLane = index * GROUP_LANES;
    return { window, firstLane, lanes: Math.min(GROUP_LANES, lanes - firstLane) };
  });
}

/** The name of the document that holds a group's fold. */
export function foldName({ window, firstLane }: FoldGroup): string {
  return `fold-${window}-${firstLane}`;
}

/** The ids of a group's slices, in order of lane. */
export function sliceIdsOf(plan: Plan, schedule: RunSchedule, group: FoldGroup): readonly string[] {
  return slicesOf(plan, schedule, group).map(({ sliceId }) => sliceId);
}

function slicesOf(plan: Plan, schedule: RunSchedule, { firstLane, lanes, window }: FoldGroup): readonly Slice[] {
  return Array.from({ length: lanes }, (_, index) => sliceOfSchedule(plan, schedule, firstLane + index, window));
}

const NOTHING: StoredSamples = { blocks: 0, samples: 0, requests: 0 };

/**
 * Adds up what the slices of a group have stored, and stores the fold. For a complete slice, the attempts that its commit
 * names count. For any other slice, the blocks of all its holders count, because those requests were sent.
 */
export async function foldSlices(context: RunContext, runId: string, group: FoldGroup): Promise<void> {
  const { store, timing } = context;
  const plan = await readPlan(store, runId);
  const record = await readScheduledRun(store, runId);
  const { schedule } = record;
  const known = foldGroups(schedule).some((each) => foldName(each) === foldName(group) && each.lanes === group.lanes);
  if (!known) throw new Error(`Run ${runId} has no group of ${group.lanes} slices named ${foldName(group)}.`);
  const folder = new BlockFolder({
    runStartMs: schedule.startAtMs,
    intervalMs: intervalFor(planExtent(plan).durationMs),
    phaseBoundariesMs: phasesOf(plan),
    warmUpPhases: warmUpPhasesOf(plan),
  });
  const stopMs = stopMsOf(record);
  const slices: SliceFold[] = [];
  for (const slice of slicesOf(plan, schedule, group)) {
    const { sliceId } = slice;
    const attempts = await store.readAttempts(runId, sliceId);
    const stored = new Map<string, StoredSamples>();
    for (const holder of holdersThatCount(attempts)) {
      const found = { blocks: 0, samples: 0, requests: 0 };
      for await (const block of store.readBlocks(runId, sliceId, holder)) {
        folder.add(block);
        found.blocks++;
        found.samples += block.count;
        found.requests += requestsIn(block);
      }
      stored.set(holder, found);
    }
    const silent: SilentHolder[] = [];
    for (const holder of silentHolders(attempts)) {
      const sign = await store.readProgress(runId, sliceId, holder);
      silent.push(silentHolder(plan, slice, timing, sign, stored.get(holder) ?? NOTHING));
    }
    const isNeeded = isNeededBefore(stopMs, slice, plan.generator.maxStartDelay);
    slices.push(sliceFold({ sliceId, attempts, stored, silent, stopMs, isNeeded }));
  }
  await writeFold(store, runId, foldName(group), folder.finish(slices));
}
