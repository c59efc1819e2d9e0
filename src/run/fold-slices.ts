import type { Plan } from '../plan/plan-schema.ts';
import { planExtent } from '../plan/slices.ts';
import { phasesOf, warmUpPhasesOf } from '../plan/timeline.ts';
import type { RunSchedule } from '../store/run-store.ts';
import { allHolders, mayContinue, type SliceAttempts } from '../store/slice-attempts.ts';
import { intervalFor, type SliceFold } from '../summary/fold.ts';
import { BlockFolder } from '../summary/fold-blocks.ts';
import type { SliceHealth } from '../summary/generator-health.ts';
import type { RunContext } from './run-context.ts';
import { readPlan, readScheduledRun, writeFold } from './run-documents.ts';
import { sliceOfSchedule } from './run-slice.ts';

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
  return Array.from(
    { length: group.lanes },
    (_, index) => sliceOfSchedule(plan, schedule, group.firstLane + index, group.window).sliceId,
  );
}

/**
 * Adds up what the slices of a group have stored, and stores the fold. For a complete slice, the attempts that its commit
 * names count. For any other slice, the blocks of all its holders count, because those requests were sent.
 */
export async function foldSlices(context: RunContext, runId: string, group: FoldGroup): Promise<void> {
  const { store } = context;
  const plan = await readPlan(store, runId);
  const { schedule } = await readScheduledRun(store, runId);
  const known = foldGroups(schedule).some((each) => foldName(each) === foldName(group) && each.lanes === group.lanes);
  if (!known) throw new Error(`Run ${runId} has no group of ${group.lanes} slices named ${foldName(group)}.`);
  const folder = new BlockFolder({
    runStartMs: schedule.startAtMs,
    intervalMs: intervalFor(planExtent(plan).durationMs),
    phaseBoundariesMs: phasesOf(plan),
    warmUpPhases: warmUpPhasesOf(plan),
  });
  const slices: SliceFold[] = [];
  for (const sliceId of sliceIdsOf(plan, schedule, group)) {
    const attempts = await store.readAttempts(runId, sliceId);
    const found = new Map<string, number>();
    for (const attemptId of attemptsThatCount(attempts)) {
      let samples = 0;
      for await (const block of store.readBlocks(runId, sliceId, attemptId)) {
        folder.add(block);
        samples += block.count;
      }
      found.set(attemptId, samples);
    }
    slices.push(sliceFold(sliceId, attempts, found));
  }
  await writeFold(store, runId, foldName(group), folder.finish(slices));
}

/** The holders whose blocks count: those that the last commit names; all of them until there is one. */
function attemptsThatCount(attempts: SliceAttempts): readonly string[] {
  const { commit } = attempts;
  return commit !== undefined && !mayContinue(commit) ? commit.attemptIds : allHolders(attempts);
}

/**
 * How a slice ended, from the deliveries that the store knows.
 * @param found how many samples of each holder are stored
 */
function sliceFold(sliceId: string, attempts: SliceAttempts, found: ReadonlyMap<string, number>): SliceFold {
  const { commit, skip, reports = [] } = attempts;
  const holders = attemptsThatCount(attempts);
  const committer = commit?.attemptIds.at(-1);
  const earlier = reports.filter(({ holder }) => holder !== committer);
  const known = new Set([...earlier.map(({ holder }) => holder), committer, skip?.holder]);
  const hasDead = holders.some((holder) => !known.has(holder));
  const shared = {
    sliceId,
    duplicates: attempts.duplicates.length,
    health: commit === undefined ? undefined : withUnkept(commit.health, found.get(committer ?? '')),
    ...(earlier.length === 0
      ? {}
      : { earlier: earlier.map(({ holder, health }) => withUnkept(health, found.get(holder))) }),
  };
  if (commit !== undefined) {
    const isWhole = holders.length === 1 && commit.health.endedEarly === undefined;
    if (isWhole) return { ...shared, state: 'committed' };
    return { ...shared, state: 'partial', ...(hasDead ? { cause: 'died' } : {}) };
  }
  if (hasDead) return { ...shared, state: 'lost', cause: 'died' };
  if (earlier.length > 0) return { ...shared, state: 'partial' };
  if (skip?.reason === 'stopped') return { ...shared, state: 'skipped' };
  return { ...shared, state: 'lost', cause: skip === undefined ? 'never begun' : 'too late' };
}

/**
 * A holder's report with the samples that are really missing. One that gave up a block does not know whether the block was
 * stored after all; and what it had stored may have been lost.
 * @param found how many of its samples are stored; undefined if they do not count
 */
function withUnkept(health: SliceHealth, found: number | undefined): SliceHealth {
  const { unkept: reported = 0, ...store } = health.store;
  const unkept = found === undefined ? reported : Math.max(0, store.samples + reported - found);
  return { ...health, store: unkept === 0 ? store : { ...store, unkept } };
}
