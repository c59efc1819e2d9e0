import type { Plan } from '../plan/plan-schema.ts';
import type { Slice } from '../plan/slices.ts';
import type { RunRecord } from '../store/run-store.ts';
import type { EndedEarly, SliceHealth } from '../summary/generator-health.ts';
import { LATEST_START_MS } from '../traffic/arrival-rate.ts';
import { Fence } from '../traffic/fence.ts';
import { executeSlice, measuredFrom } from './execute-slice.ts';
import { Heartbeat, type Standing } from './heartbeat.ts';
import type { HeldLease } from './lease.ts';
import { LoadEnd, type LoadEnding } from './load-end.ts';
import type { RunContext } from './run-context.ts';
import { SentRequests } from './sent-requests.ts';
import { SliceWriter } from './slice-writer.ts';
import { persist } from './store-calls.ts';
import { watchRun } from './watch-run.ts';

type HeldSlice = {
  readonly runId: string;
  readonly plan: Plan;
  readonly slice: Slice;
  readonly targets: NonNullable<RunRecord['targets']>;
  readonly lease: HeldLease;
  readonly whyOrchestrationEnded: (() => Promise<string | undefined>) | undefined;
};

/** How the work of a holder ended. */
export type HeldSliceResult = {
  readonly state: 'committed' | 'superseded' | 'fenced' | 'released' | 'lost';
  /** Samples that were stored. */
  readonly samples: number;
};

/**
 * Does the work of a slice's holder: makes its load, stores every sample, and commits the slice. All the while it shows
 * signs of life and proves that it still holds the slice; when it cannot, its load ends.
 * @throws when the slice cannot be begun, or when the store accepts nothing more: then the slice must count as lost
 */
export async function holdSlice(context: RunContext, held: HeldSlice): Promise<HeldSliceResult> {
  const { clock, timing } = context;
  const end = new LoadEnd(clock, new Fence(held.lease.takenMs, timing.proofMs, noProof(timing.proofMs)));
  const working = work(context, held, end);
  context.runningSlices.add({ release: (reason) => end.cut('released', reason), done: working });
  return working;
}

function noProof(proofMs: number): string {
  return `the store could not be reached for ${Math.round(proofMs / 100) / 10} s`;
}

async function work(context: RunContext, held: HeldSlice, end: LoadEnd): Promise<HeldSliceResult> {
  const { store, clock, timing } = context;
  const { runId, plan, slice, targets, lease } = held;
  let standing: Standing & { readonly atMs: number } = {
    isHolder: true,
    run: 'active',
    stopRequested: false,
    atMs: lease.takenMs,
  };
  const writer = new SliceWriter(context, {
    runId,
    sliceId: slice.sliceId,
    attemptId: lease.holder,
    measuredFromMs: measuredFrom(plan, slice),
    onFull: () => end.cut('memory', 'no memory was left for samples that wait for the store (SURGE_MAX_WAITING_MB)'),
    // A process that has slept may find a run that is over; its blocks would be stored, and no report would have them.
    mayStore: async () => {
      if (clock.now() - standing.atMs > timing.proofMs) await heartbeat.beat();
      return standing.run !== 'over';
    },
  });
  const observe = observers(context, held, end);
  const sent = new SentRequests();
  const heartbeat = new Heartbeat(context, {
    runId,
    slice,
    holder: lease.holder,
    fence: end.fence,
    progress: () => ({
      ...writer.progress(),
      earlierHolders: lease.earlier.length,
      ended: end.isOver,
      ...sent.figures(clock.now()),
      instance: context.instance,
    }),
    onStanding(now, atMs) {
      standing = { ...now, atMs };
      end.obey(now);
      observe();
    },
  });
  try {
    const takeover = lease.earlier.length > 0;
    // A process that is only slow to begin makes the starts that are due.
    const isLate = clock.now() > slice.startAtMs + LATEST_START_MS;
    const load = { plan, slice, targets, takeover, isLate, writer, end, sent };
    const { figures, recorder } = await executeSlice(context, load);
    const { ending } = end;
    const untilMs = clock.now() + timing.lateWriteMs;
    // A holder whose load was cut does not know where it stands, and that decides whether its samples still count.
    if (ending !== undefined) await persist(context, untilMs, () => heartbeat.beat()).catch(() => undefined);
    await writer.close(recorder, untilMs);
    const health: SliceHealth = {
      ...figures,
      ...(ending === undefined ? {} : { endedEarly: endedEarly(ending) }),
      store: { ...writer.health, errors: writer.health.errors + heartbeat.errors },
      peakPerSecond: sent.peakPerSecond,
      instance: context.instance,
    };
    const { samples } = health.store;
    if (standing.run === 'over') return { state: 'lost', samples };
    await heartbeat.beat().catch(() => undefined);
    const commit = { sliceId: slice.sliceId, attemptIds: [...lease.earlier, lease.holder], health };
    const commitUntilMs = clock.now() + timing.lateWriteMs;
    if (await persist(context, commitUntilMs, () => store.commitSlice(runId, commit))) {
      return { state: stateAfter(ending), samples };
    }
    await persist(context, commitUntilMs, () => store.reportHolder(runId, slice.sliceId, lease.holder, health));
    return { state: 'superseded', samples };
  } catch (error) {
    // The last sign of life says so, and how many requests were sent.
    end.over();
    await heartbeat.beat().catch(() => undefined);
    throw error;
  } finally {
    await heartbeat.stop();
  }
}

/** How often the orchestration is asked for: with every second heartbeat. */
const BEATS_PER_QUESTION = 2;

/** Watches what else can end the load, with the heartbeats but without delaying them. */
function observers(context: RunContext, held: HeldSlice, end: LoadEnd): () => void {
  const { runId, plan, slice, whyOrchestrationEnded } = held;
  const watch = watchRun(context, runId, plan, slice);
  const watchThresholds = oneAtATime(async () => {
    if ((await watch?.()) === true) end.stop();
  });
  const askOrchestration = oneAtATime(async () => {
    const why = await whyOrchestrationEnded?.();
    if (why !== undefined) end.stopEarly('orchestration', why.replace(/\.$/, ''));
  });
  let beats = 0;
  return () => {
    if (end.stopping.aborted) return;
    watchThresholds();
    if (beats++ % BEATS_PER_QUESTION === 0) askOrchestration();
  };
}

/** Begins a task unless it is still going on. A failure is dropped: the next time it is made again. */
function oneAtATime(task: () => Promise<void>): () => void {
  let isBusy = false;
  return () => {
    if (isBusy) return;
    isBusy = true;
    task()
      .catch(() => undefined)
      .finally(() => {
        isBusy = false;
      });
  };
}

function endedEarly({ kind, reason, atMs }: LoadEnding): EndedEarly {
  return { reason, atMs, mayContinue: kind === 'fenced' || kind === 'memory' || kind === 'released' };
}

function stateAfter(ending: LoadEnding | undefined): HeldSliceResult['state'] {
  switch (ending?.kind) {
    case 'fenced':
    case 'memory':
      return 'fenced';
    case 'released':
      return 'released';
    default:
      return 'committed';
  }
}
