import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Plan } from '../plan/plan-schema.ts';
import { type Share, type Slice, sharesOf } from '../plan/slices.ts';
import { isIterationBound } from '../plan/timeline.ts';
import type { ReportTarget } from '../report/report.ts';
import { Recorder } from '../sample/recorder.ts';
import type { SliceHealth } from '../summary/slice-health.ts';
import { keepFlushing } from './keep-flushing.ts';
import { planRedactor } from './plan-redactor.ts';
import type { RunContext } from './run-context.ts';
import { runShare } from './run-share.ts';
import { abortClients, closeClients, issuedTokens, openSliceClients, type SliceClients } from './slice-clients.ts';
import { SliceWriter } from './slice-writer.ts';
import { warmUp } from './warm-up.ts';

export type SliceWork = {
  readonly runId: string;
  readonly plan: Plan;
  readonly slice: Slice;
  readonly attemptId: string;
  /** What preflight found the targets to be. */
  readonly targets: readonly ReportTarget[];
  /** True when another attempt may have begun before: what counts its iterations must not be run again. */
  readonly takeover: boolean;
};

const LOOP_RESOLUTION_MS = 10;

/**
 * Makes the load of one slice: waits for its start, runs its virtual users, and stores every sample. Returns when the
 * last request is accounted for.
 * @throws when secrets are missing or the store takes nothing more
 */
export async function executeSlice(context: RunContext, work: SliceWork): Promise<SliceHealth> {
  const { clock } = context;
  const { runId, plan, slice, attemptId } = work;
  const whole = sharesOf(plan, slice);
  const shares = work.takeover ? leftOf(whole, clock.now()) : whole;
  const measuredFromMs = plan.warmUp === 0 ? undefined : slice.runStartMs + plan.warmUp;
  const writer = new SliceWriter(context, { runId, sliceId: slice.sliceId, attemptId, measuredFromMs });
  const recorder = new Recorder(
    slice.startAtMs,
    (block) => writer.take(block),
    await planRedactor(plan, context.secrets, () => issuedTokens(clients)),
  );
  const clients: SliceClients = await openSliceClients(context, plan, shares, recorder, work.targets);
  const stopping = new AbortController();
  const flushing = keepFlushing(context, {
    runId,
    plan,
    slice,
    flush: () => writer.flush(recorder),
    onStop: () => stopping.abort(),
  });
  try {
    if (clock.now() < slice.startAtMs) await warmUp();
    await clock.sleepUntil(slice.startAtMs, stopping.signal);
    const startDelayMs = Math.max(0, clock.now() - slice.startAtMs);
    const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
    loop.enable();
    const cpuBefore = process.cpuUsage();
    const loadFromMs = clock.now();
    const starts = await makeLoad(context, work, shares, clients, recorder, writer, stopping);
    const wallSeconds = (clock.now() - loadFromMs) / 1000;
    const cpu = process.cpuUsage(cpuBefore);
    loop.disable();
    await flushing.stop();
    await writer.close(recorder);
    return {
      startDelayMs,
      eventLoopDelayMs: { p99: loopDelayMs(loop.percentile(99)), max: loopDelayMs(loop.max) },
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      cpuFromSeconds: (cpuBefore.user + cpuBefore.system) / 1e6,
      wallSeconds,
      starts,
      tokens: tokensOf(clients),
      stoppedTargets: stoppedOf(clients),
      store: writer.health,
      instance: context.instance,
    };
  } finally {
    await flushing.stop();
  }
}

/**
 * What is left to a slice that takes over. How many iterations the dead one had begun, and which starts it had made or
 * dropped, only it knew; so scenarios that count iterations are left out, and starts count from now.
 */
function leftOf(shares: readonly Share[], nowMs: number): Share[] {
  return shares
    .filter(({ scenario, toMs }) => !isIterationBound(scenario) && toMs > nowMs)
    .map((share) => ({ ...share, fromMs: Math.max(share.fromMs, nowMs) }));
}

/** Runs all shares until they have ended, or are ended. @returns what became of the starts of each */
async function makeLoad(
  context: RunContext,
  { plan }: SliceWork,
  shares: readonly Share[],
  clients: SliceClients,
  recorder: Recorder,
  writer: SliceWriter,
  stopping: AbortController,
): Promise<SliceHealth['starts']> {
  try {
    return await Promise.all(
      shares.map(async (share) => {
        const counts = await runShare({ context, plan, share, clients, recorder, writer, stopping: stopping.signal });
        return { scenario: share.name, ...counts };
      }),
    );
  } catch (error) {
    stopping.abort();
    abortClients(clients, 'the slice broke');
    throw error;
  } finally {
    await closeClients(clients);
  }
}

/** What the targets whose tokens expire took of them. */
function tokensOf(clients: SliceClients): SliceHealth['tokens'] {
  const all = [...clients.values()].map(({ name, authorizer: { tokens } }) => ({ target: name, ...tokens }));
  return all.filter(({ fetched, failed }) => fetched + failed > 0);
}

/** The targets on which the load ended before its time. */
function stoppedOf(clients: SliceClients): SliceHealth['stoppedTargets'] {
  return [...clients.values()].flatMap(({ name, stopped }) =>
    stopped === undefined ? [] : { target: name, ...stopped },
  );
}

/** Node measures whole intervals between ticks of its timer; what exceeds the tick is delay. */
function loopDelayMs(intervalNs: number): number {
  return Math.max(0, intervalNs / 1e6 - LOOP_RESOLUTION_MS);
}
