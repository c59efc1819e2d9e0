import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Plan } from '../plan/plan-schema.ts';
import { type Share, type Slice, sharesOf } from '../plan/slices.ts';
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
};

/** After a stop, requests under way have this long to end by themselves. */
const STOP_GRACE_MS = 5000;
const LOOP_RESOLUTION_MS = 10;

/**
 * Makes the load of one slice: waits for its start, runs its virtual users, and stores every sample. Returns when the
 * last request is accounted for.
 * @throws when secrets are missing or the store takes nothing more
 */
export async function executeSlice(context: RunContext, work: SliceWork): Promise<SliceHealth> {
  const { clock } = context;
  const { runId, plan, slice, attemptId } = work;
  const shares = sharesOf(plan, slice);
  const writer = new SliceWriter(context, { runId, sliceId: slice.sliceId, attemptId });
  const recorder = new Recorder(
    slice.startAtMs,
    (block) => writer.take(block),
    await planRedactor(plan, context.secrets, () => issuedTokens(clients)),
  );
  const clients: SliceClients = await openSliceClients(context, plan, shares, recorder, work.targets);
  const stopping = new AbortController();
  const flushing = keepFlushing(context, {
    runId,
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
    await makeLoad(context, work, shares, clients, recorder, writer, stopping);
    const cpu = process.cpuUsage(cpuBefore);
    loop.disable();
    await flushing.stop();
    await writer.close(recorder);
    return {
      startDelayMs,
      eventLoopDelayMs: { p99: loopDelayMs(loop.percentile(99)), max: loopDelayMs(loop.max) },
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      tokens: tokensOf(clients),
      stoppedTargets: stoppedOf(clients),
      store: writer.health,
      instance: context.instance,
    };
  } finally {
    await flushing.stop();
  }
}

/** Runs all shares until they have ended, or are ended. */
async function makeLoad(
  context: RunContext,
  work: SliceWork,
  shares: readonly Share[],
  clients: SliceClients,
  recorder: Recorder,
  writer: SliceWriter,
  stopping: AbortController,
): Promise<void> {
  const ended = new AbortController();
  const limit = endInTime(context, shares, clients, stopping.signal, ended.signal);
  try {
    const { plan, slice } = work;
    await Promise.all(
      shares.map((share) =>
        runShare({ context, plan, slice, share, clients, recorder, writer, stopping: stopping.signal }),
      ),
    );
  } catch (error) {
    stopping.abort();
    abortClients(clients, 'the slice broke');
    throw error;
  } finally {
    ended.abort();
    await limit;
    await closeClients(clients);
  }
}

/** Aborts what is still under way when the graceful stop is over, and again what began after that. */
async function endInTime(
  { clock }: RunContext,
  shares: readonly Share[],
  clients: SliceClients,
  stopping: AbortSignal,
  ended: AbortSignal,
): Promise<void> {
  const graceEndMs = Math.max(...shares.map(({ toMs, scenario }) => toMs + scenario.gracefulStop));
  await clock.sleepUntil(graceEndMs, AbortSignal.any([stopping, ended]));
  if (stopping.aborted) await clock.sleepUntil(Math.min(graceEndMs, clock.now() + STOP_GRACE_MS), ended);
  while (!ended.aborted) {
    abortClients(clients, 'the graceful stop is over');
    // Virtual users say goodbye to their servers now; a server that does not answer is not waited for either.
    await clock.sleepUntil(clock.now() + STOP_GRACE_MS, ended);
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
