import type { Plan } from '../plan/plan-schema.ts';
import { policyProblems } from '../plan/policy.ts';
import { planExtent, type Slice, sliceOf } from '../plan/slices.ts';
import type { RunRecord, RunSchedule } from '../store/run-store.ts';
import type { SliceFold } from '../summary/fold.ts';
import { executeSlice } from './execute-slice.ts';
import { runUnderLease } from './lease.ts';
import type { RunContext } from './run-context.ts';
import { readPlan, readRun, readScheduledRun } from './run-documents.ts';

/** The slice of a lane in a window as preflight laid it out, whatever this process's own sizing is. */
export function sliceOfSchedule(plan: Plan, schedule: RunSchedule, lane: number, window: number): Slice {
  return sliceOf({ ...schedule, durationMs: planExtent(plan).durationMs }, schedule.startAtMs, lane, window);
}

/** How many slices had to run: all of the plan, or of a run that ended itself those of the windows that had begun. */
export function plannedSlices(
  schedule: RunSchedule,
  abort: RunRecord['abort'],
  slices: readonly Pick<SliceFold, 'state'>[],
): number {
  const { lanes, windows, windowMs } = schedule;
  if (abort === undefined) return lanes * windows;
  const begun = Math.min(windows, Math.floor((abort.atSeconds * 1000) / windowMs) + 1);
  // Slices of the next window may be waiting for their start already, and say so.
  return Math.max(lanes * begun, slices.filter(({ state }) => state !== 'lost').length);
}

export type SliceRequest = {
  readonly runId: string;
  readonly lane: number;
  readonly window: number;
  /** 0, or 1 when the first attempt was lost. */
  readonly attempt: number;
  /** Names this delivery. */
  readonly holder: string;
};

/** `skipped`: its time had passed, or the run was stopped, before it could begin. */
export type SliceResult = {
  readonly state: 'committed' | 'skipped';
  readonly samples: number;
  /** Only when the run had ended itself by then, so that later windows need not be waited for. */
  readonly aborted?: true;
};

/** Runs one lane of a run for one window, once however often it is delivered, and commits what it measured. */
export async function runSlice(context: RunContext, request: SliceRequest): Promise<SliceResult> {
  const { store } = context;
  const { runId, attempt, holder } = request;
  const { schedule } = await readScheduledRun(store, runId);
  const plan = await readPlan(store, runId);
  const slice = sliceOfSchedule(plan, schedule, request.lane, request.window);
  const refusals = policyProblems(plan, context.policy);
  if (refusals.length > 0) throw new Error(`The policy of this process refuses run ${runId}: ${refusals.join(' ')}`);
  return runUnderLease<SliceResult>(context, {
    runId,
    unit: slice.sliceId,
    attempt,
    holder,
    result: async () => {
      const { marker } = await store.readLedger(runId, slice.sliceId);
      return marker === undefined ? undefined : { state: 'committed', samples: marker.health.store.samples };
    },
    lastSignOfLife: async () => {
      const progress = await store.listProgress(runId);
      return progress.find(({ sliceId }) => sliceId === slice.sliceId)?.atMs;
    },
    work: () => work(context, plan, slice, request),
  });
}

async function work(
  context: RunContext,
  plan: Plan,
  slice: Slice,
  { runId, holder }: SliceRequest,
): Promise<SliceResult> {
  const { store, clock } = context;
  // Only with the lease in hand: a further delivery must wait for one that still makes load, also after its end.
  const { stopRequested, abort, targets = [] } = await readRun(store, runId);
  if (stopRequested || clock.now() >= slice.endAtMs) return { state: 'skipped', samples: 0, ...abortedBy(abort) };
  const others = async () => {
    const { leases, replaced } = await store.readLedger(runId, slice.sliceId);
    return [...leases, ...replaced].map((delivery) => delivery.holder).filter((other) => other !== holder);
  };
  const takeover = (await others()).length > 0;
  const health = await executeSlice(context, { runId, plan, slice, attemptId: holder, targets, takeover });
  // What attempts that died before this one had stored counts too: those requests were sent.
  await store.commitSlice(runId, { sliceId: slice.sliceId, attemptIds: [...(await others()), holder], health });
  const after = await readRun(store, runId);
  return { state: 'committed', samples: health.store.samples, ...abortedBy(after.abort) };
}

function abortedBy(abort: RunRecord['abort']): Pick<SliceResult, 'aborted'> {
  return abort === undefined ? {} : { aborted: true };
}
