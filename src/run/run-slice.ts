import type { Plan } from '../plan/plan-schema.ts';
import { policyRefusals, refusalSentence } from '../plan/policy.ts';
import { planExtent, type Slice, sliceOf } from '../plan/slices.ts';
import type { RunRecord, RunSchedule } from '../store/run-store.ts';
import { allHolders } from '../store/slice-attempts.ts';
import { executeSlice } from './execute-slice.ts';
import { runUnderLease } from './lease.ts';
import type { RunContext } from './run-context.ts';
import { readPlan, readRun, readScheduledRun } from './run-documents.ts';

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
   * - `lost`: the store could not be reached until the end of the slice
   */
  readonly state: 'committed' | 'skipped' | 'superseded' | 'fenced' | 'released' | 'lost';
  readonly samples: number;
  /** Present if the run has aborted itself, so that nobody needs to wait for later windows. */
  readonly aborted?: true;
};

/** Runs one lane of a run for one window, once however often it is delivered, and commits what it measured. */
export async function runSlice(context: RunContext, request: SliceRequest): Promise<SliceResult> {
  const { store } = context;
  const { runId, attempt, holder } = request;
  const { schedule } = await readScheduledRun(store, runId);
  const plan = await readPlan(store, runId);
  const slice = sliceOfSchedule(plan, schedule, request.lane, request.window);
  const { policy } = context;
  const refusals = policyRefusals(plan, policy).map((refusal) => refusalSentence(refusal, policy));
  if (refusals.length > 0) throw new Error(`The policy of this process refuses run ${runId}: ${refusals.join(' ')}`);
  return runUnderLease<SliceResult>(context, {
    runId,
    unit: slice.sliceId,
    attempt,
    holder,
    result: async () => {
      const { commit } = await store.readAttempts(runId, slice.sliceId);
      return commit === undefined ? undefined : { state: 'committed', samples: commit.health.store.samples };
    },
    lastSignOfLife: async () => {
      const progress = await store.listProgress(runId);
      return progress.find(({ sliceId }) => sliceId === slice.sliceId)?.atMs;
    },
    work: () => executeAndCommit(context, plan, slice, request),
  });
}

/** The slice of a lane in a window as preflight scheduled it, independent of this process's own sizing. */
export function sliceOfSchedule(plan: Plan, schedule: RunSchedule, lane: number, window: number): Slice {
  return sliceOf({ ...schedule, durationMs: planExtent(plan).durationMs }, schedule.startAtMs, lane, window);
}

async function executeAndCommit(
  context: RunContext,
  plan: Plan,
  slice: Slice,
  { runId, holder }: SliceRequest,
): Promise<SliceResult> {
  const { store, clock } = context;
  // Checked only by the lease's holder: a duplicate must wait for one that still makes load, even after its end.
  const { stopRequested, abort, targets = [] } = await readRun(store, runId);
  if (stopRequested || clock.now() >= slice.endAtMs) return { state: 'skipped', samples: 0, ...abortedBy(abort) };
  const otherHolders = async () => {
    const attempts = await store.readAttempts(runId, slice.sliceId);
    return allHolders(attempts).filter((other) => other !== holder);
  };
  const takeover = (await otherHolders()).length > 0;
  const health = await executeSlice(context, { runId, plan, slice, attemptId: holder, targets, takeover });
  // Blocks of earlier, lost attempts count too, because their requests were sent.
  const attemptIds = [...(await otherHolders()), holder];
  await store.commitSlice(runId, { sliceId: slice.sliceId, attemptIds, health });
  const after = await readRun(store, runId);
  return { state: 'committed', samples: health.store.samples, ...abortedBy(after.abort) };
}

function abortedBy(abort: RunRecord['abort']): Pick<SliceResult, 'aborted'> {
  return abort === undefined ? {} : { aborted: true };
}
