import type { Plan } from '../plan/plan-schema.ts';
import { planExtent, type Slice, sliceIdOf, sliceOf } from '../plan/slices.ts';
import type { RunRecord, RunSchedule } from '../store/run-store.ts';
import { mayContinue, type SliceAttempts, type SliceMiss, type SliceSkip } from '../store/slice-attempts.ts';
import { standstill } from './admission.ts';
import { holdSlice } from './hold-slice.ts';
import { type HeldLease, waitForLease } from './lease.ts';
import type { RunContext } from './run-context.ts';
import { findPlan, hasEnded } from './run-documents.ts';
import { checkSlice } from './slice-checks.ts';
import { stopRun } from './stop-run.ts';
import { inTime, persist } from './store-calls.ts';

export type SliceRequest = {
  readonly runId: string;
  readonly lane: number;
  readonly window: number;
  /** 0, and one more for each attempt that was lost before. */
  readonly attempt: number;
  /** Identifies this delivery. */
  readonly holder: string;
  /** Epoch milliseconds: until then the slice is begun, however long the store is away. */
  readonly endAtMs: number;
  /**
   * Asks why the run's orchestration is over: terminated, failed or absent; undefined while it is active. Absent where no
   * orchestration started the slice.
   */
  readonly whyOrchestrationEnded?: () => Promise<string | undefined>;
};

/** How a delivery of a slice ended. */
export type SliceResult = {
  /**
   * - `committed`: this or another delivery has run the slice to its end
   * - `skipped`: the slice's time was over, or the run was stopped, before the slice could begin
   * - `superseded`: another delivery has taken the slice over
   * - `fenced`: the load was ended because the store could not be reached, or accepted no samples; another attempt may
   *   make the load of the remaining time
   * - `released`: the process is shutting down; another attempt may make the load of the remaining time
   * - `lost`: the store could not be reached until the end of the slice, or the run was over before
   */
  readonly state: 'committed' | 'skipped' | 'superseded' | 'fenced' | 'released' | 'lost';
  readonly samples: number;
  /** Present if the run was stopped or has aborted itself, so that nobody needs to wait for later windows. */
  readonly aborted?: true;
};

/**
 * Runs one lane of a run for one window, once however often it is delivered, and commits what it measured. A store that is
 * away is waited for until the end of the window.
 * @throws when the run does not exist, may not be run here, or cannot be begun
 */
export async function runSlice(context: RunContext, request: SliceRequest): Promise<SliceResult> {
  const begun = await beginSlice(context, request);
  if (begun === undefined) return missed(context, request, 'store away');
  const { plan, slice } = begun;
  const result = await waitForLease(context, {
    runId: request.runId,
    sliceId: slice.sliceId,
    attempt: request.attempt,
    holder: request.holder,
    beginUntilMs: slice.endAtMs,
    takeOverAfterMs: latestEnd(plan, slice, context),
  });
  if ('unreachable' in result) return missed(context, request, 'store away');
  if ('finished' in result) return withAbort(context, request, resultOf(result.finished));
  try {
    return await withAbort(context, request, await workAsHolder(context, request, begun, result.lease));
  } catch (error) {
    await giveBack(context, request.runId, slice.sliceId, result.lease.holder);
    throw error;
  }
}

/** Records why this delivery never held its slice, if the store can be reached soon. Does not throw. */
async function missed(
  context: RunContext,
  { runId, lane, window, attempt, holder }: SliceRequest,
  reason: SliceMiss['reason'],
): Promise<SliceResult> {
  const { store, clock, timing } = context;
  const record = () => store.recordMiss(runId, sliceIdOf(lane, window), { attempt, holder, reason });
  await persist(context, clock.now() + timing.deadAfterMs, record).catch(() => undefined);
  return { state: 'lost', samples: 0 };
}

/** Releases the lease of a holder that has failed, so that nobody waits for signs of its death. Does not throw. */
async function giveBack(context: RunContext, runId: string, sliceId: string, holder: string): Promise<void> {
  const { store, clock, timing } = context;
  const release = () => store.releaseLease(runId, sliceId, holder);
  await inTime(clock, timing.callTimeoutMs, release).catch(() => undefined);
}

/** The slice of a lane in a window as preflight scheduled it, independent of this process's own sizing. */
export function sliceOfSchedule(plan: Plan, schedule: RunSchedule, lane: number, window: number): Slice {
  return sliceOf({ ...schedule, durationMs: planExtent(plan).durationMs }, schedule.startAtMs, lane, window);
}

type BegunSlice = { readonly plan: Plan; readonly slice: Slice; readonly targets: NonNullable<RunRecord['targets']> };

/**
 * Reads what a slice needs, and checks it.
 * @returns undefined if the store was away until the end of the slice
 * @throws when the slice may not be run
 */
async function beginSlice(context: RunContext, request: SliceRequest): Promise<BegunSlice | undefined> {
  const { store, policy } = context;
  const { runId, lane, window, endAtMs } = request;
  const read = async (signal: AbortSignal) => {
    const record = await store.getRun(runId, signal);
    return { record, plan: record?.schedule === undefined ? undefined : await findPlan(store, runId) };
  };
  const found = await persist(context, endAtMs, read).catch((error: unknown) => {
    console.error(`Lane ${lane} of run ${runId} could not begin window ${window} in its time:`, error);
    return undefined;
  });
  if (found === undefined) return undefined;
  const { record, plan } = found;
  if (record === undefined) throw new Error(`There is no run ${runId}.`);
  const { schedule, targets = [] } = record;
  if (schedule === undefined) throw new Error(`Run ${runId} has no schedule: its preflight has not passed.`);
  if (plan === undefined) throw new Error(`Run ${runId} has no stored plan.`);
  try {
    checkSlice(plan, { ...record, schedule }, { lane, window }, policy);
  } catch (error) {
    if (lane < schedule.lanes && window < schedule.windows) await missed(context, request, 'refused');
    throw error;
  }
  return { plan, slice: sliceOfSchedule(plan, schedule, lane, window), targets };
}

/** Epoch milliseconds: at this time a holder must have ended, however slow its target and its store are. */
function latestEnd(plan: Plan, { endAtMs }: Slice, { timing }: RunContext): number {
  const gracefulStopMs = Math.max(...Object.values(plan.scenarios).map(({ gracefulStop }) => gracefulStop));
  return endAtMs + gracefulStopMs + 2 * timing.lateWriteMs + timing.deadAfterMs;
}

/** Makes the load of a slice that this delivery holds, unless none is to be made any more. */
async function workAsHolder(
  context: RunContext,
  request: SliceRequest,
  { plan, slice, targets }: BegunSlice,
  lease: HeldLease,
): Promise<SliceResult> {
  const { store, clock, timing } = context;
  const { runId, whyOrchestrationEnded } = request;
  // Asked only by the holder: another delivery must wait for one that still makes load, even after the slice's end.
  const reason = await whyNoLoad(context, request, slice);
  if (reason === undefined) return holdSlice(context, { runId, plan, slice, targets, lease, whyOrchestrationEnded });
  const skip: SliceSkip = { sliceId: slice.sliceId, holder: lease.holder, reason, atMs: clock.now() };
  const untilMs = clock.now() + timing.lateWriteMs;
  const isClosed = await persist(context, untilMs, () => store.skipSlice(runId, skip));
  return { state: isClosed ? 'skipped' : 'superseded', samples: 0 };
}

async function whyNoLoad(
  context: RunContext,
  { runId, whyOrchestrationEnded }: SliceRequest,
  slice: Slice,
): Promise<SliceSkip['reason'] | undefined> {
  const { store, clock } = context;
  if (clock.now() >= slice.endAtMs) return 'too late';
  const record = await persist(context, slice.endAtMs, (signal) => store.getRun(runId, signal));
  if (record === undefined || record.stopRequested || record.state === 'concluding' || hasEnded(record))
    return 'stopped';
  // Checked here as well: a slice can be delivered again after the setting was changed, or started without the API.
  const nothingMayRun = await persist(context, slice.endAtMs, () => standstill(context));
  if (nothingMayRun !== undefined) {
    await persist(context, slice.endAtMs, () => stopRun(context, runId, nothingMayRun.by));
    return 'stopped';
  }
  const why = await whyOrchestrationEnded?.().catch(() => undefined);
  return why === undefined ? undefined : 'stopped';
}

/** What a slice that is over came to. */
function resultOf({ commit }: SliceAttempts): SliceResult {
  const isComplete = commit !== undefined && !mayContinue(commit);
  return isComplete ? { state: 'committed', samples: commit.health.store.samples } : { state: 'skipped', samples: 0 };
}

/** Adds whether the run was stopped or has aborted itself, if the store says so in time. */
async function withAbort(context: RunContext, { runId }: SliceRequest, result: SliceResult): Promise<SliceResult> {
  const { store, clock, timing } = context;
  const record = await inTime(clock, timing.callTimeoutMs, (signal) => store.getRun(runId, signal)).catch(
    () => undefined,
  );
  return record?.stopRequested ? { ...result, aborted: true } : result;
}
