import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { TargetConnection } from '../mcp/http/target-connection.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { type ScenarioSegment, type Slice, segmentsOf } from '../plan/slices.ts';
import type { Target } from '../plan/target-schema.ts';
import { isArrival, isIterationBound, maxVusOf } from '../plan/timeline.ts';
import type { ReportTarget } from '../report/report.ts';
import { Recorder } from '../sample/recorder.ts';
import { plainSample } from '../sample/sample.ts';
import { compileScenario } from '../scenario/compile-scenario.ts';
import { McpVirtualUser } from '../scenario/virtual-user.ts';
import type { SliceHealth } from '../summary/generator-health.ts';
import type { Clock } from '../traffic/clock.ts';
import type { Iteration, StartCounts, VirtualUser } from '../traffic/executor.ts';
import { type Random, randomFor } from '../traffic/random.ts';
import { runExecutor } from '../traffic/run-scenario.ts';
import { planRedactor, type RunContext } from './run-context.ts';
import { SliceWriter, startFlushLoop } from './slice-writer.ts';
import {
  abortClients,
  closeClients,
  issuedTokens,
  openSliceClients,
  type SliceClients,
  type TargetClient,
} from './target-client.ts';
import { warmUp } from './warm-up.ts';

export type EndOptions = {
  readonly clock: Clock;
  readonly share: ScenarioSegment;
  /** That of the share's target, which other shares may use as well. */
  readonly connection: Pick<TargetConnection, 'abortAll'>;
  /** Aborted when the load is to end before its time. */
  readonly stopping: AbortSignal;
  /** Is aborted when nobody may wait for anything any more. */
  readonly ended: AbortController;
  /** Aborted when the share's virtual users have ended. */
  readonly done: AbortSignal;
};

/** After a stop, requests under way have this long to end by themselves. */
const STOP_GRACE_MS = 5000;

/** Aborts what a share still has under way when its graceful stop is over, and again what began after that. */
export async function enforceGracefulStop({
  clock,
  share,
  connection,
  stopping,
  ended,
  done,
}: EndOptions): Promise<void> {
  const { scenario, firstVu, toMs } = share;
  const graceEndMs = toMs + scenario.gracefulStop;
  const afterLastVu = firstVu + maxVusOf(scenario);
  await clock.sleepUntil(graceEndMs, AbortSignal.any([stopping, done]));
  if (stopping.aborted) await clock.sleepUntil(Math.min(graceEndMs, clock.now() + STOP_GRACE_MS), done);
  while (!done.aborted) {
    ended.abort();
    connection.abortAll('the graceful stop is over', (vu) => vu >= firstVu && vu < afterLastVu);
    // Virtual users say goodbye to their servers now; a server that does not answer is not waited for either.
    await clock.sleepUntil(clock.now() + STOP_GRACE_MS, done);
  }
}

export type ScenarioWork = {
  readonly context: RunContext;
  readonly plan: Plan;
  readonly share: ScenarioSegment;
  readonly clients: SliceClients;
  readonly recorder: Recorder;
  readonly writer: SliceWriter;
  readonly stopping: AbortSignal;
};

/** Runs a slice's share of one scenario until its virtual users have ended, or are ended. */
export async function runScenario(work: ScenarioWork): Promise<StartCounts> {
  const { context, plan, share, clients, recorder, writer } = work;
  const { scenario, name } = share;
  const { clock } = context;
  const client = clients.get(scenario.target) as TargetClient;
  // A target that refuses our credentials gets no further load.
  const stopping = AbortSignal.any([work.stopping, client.rejected]);
  const iterationOperation = recorder.operation(scenario.target, name);
  const ended = new AbortController();
  const newVu = agentsOf(work, client, {
    iterationOperation,
    stopping,
    ended: AbortSignal.any([ended.signal, client.ended]),
  });
  const done = new AbortController();
  const limit = enforceGracefulStop({
    clock,
    share,
    connection: client.connection,
    stopping,
    ended,
    done: done.signal,
  });
  try {
    return await runExecutor({
      share,
      newVu,
      clock,
      stopping,
      lateAfterMs: plan.generator.lateAfter,
      onActive: (change) => writer.countVu(change),
      onDropped: ({ number: iteration, intendedMs: startMs = clock.now() }: Iteration) => {
        const of = { operation: iterationOperation, outcome: 'CLIENT_ABORT', startMs, vu: 0, iteration } as const;
        recorder.add(plainSample({ kind: 'droppedIteration', durationMs: 0, ...of }));
      },
    });
  } finally {
    done.abort();
    await limit;
  }
}

/** Makes the share's virtual users, by their numbers in the run. */
function agentsOf(
  { context, plan, share, recorder }: ScenarioWork,
  client: TargetClient,
  more: {
    readonly iterationOperation: number;
    readonly stopping: AbortSignal;
    readonly ended: AbortSignal;
  },
): (vu: number) => VirtualUser {
  const { scenario, firstVu, toMs } = share;
  const compiled = compileScenario(plan, scenario);
  const { maxRetryAfter } = plan.targets[scenario.target] as Target;
  const sessionOperation = recorder.operation(scenario.target, 'session');
  const randomOf = randomsOf(plan, share);
  return (vu) =>
    new McpVirtualUser({
      vu,
      place: vu - firstVu,
      scenario,
      compiled,
      newSession: (ended) => client.openSession(undefined, ended),
      abortRequests: (reason) => client.connection.abortAll(reason, (of) => of === vu),
      randomOf,
      maxRetryAfterMs: maxRetryAfter,
      untilMs: toMs,
      clock: context.clock,
      recorder,
      sessionOperation,
      ...more,
    });
}

/**
 * What each iteration draws from, the same whatever the number of lanes. Virtual users that set the pace count their
 * iterations anew in every window, so there the window is part of it.
 */
function randomsOf({ seed }: Plan, { scenario, index, window }: ScenarioSegment): (ordinal: number) => Random {
  const countedAnew = isArrival(scenario) || isIterationBound(scenario) ? 0 : window;
  return (ordinal) => randomFor(seed, index, ordinal, countedAnew);
}

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
  const whole = segmentsOf(plan, slice);
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
  const flushing = startFlushLoop(context, {
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
function leftOf(shares: readonly ScenarioSegment[], nowMs: number): ScenarioSegment[] {
  return shares
    .filter(({ scenario, toMs }) => !isIterationBound(scenario) && toMs > nowMs)
    .map((share) => ({ ...share, fromMs: Math.max(share.fromMs, nowMs) }));
}

/** Runs all shares until they have ended, or are ended. @returns what became of the starts of each */
async function makeLoad(
  context: RunContext,
  { plan }: SliceWork,
  shares: readonly ScenarioSegment[],
  clients: SliceClients,
  recorder: Recorder,
  writer: SliceWriter,
  stopping: AbortController,
): Promise<SliceHealth['starts']> {
  try {
    return await Promise.all(
      shares.map(async (share) => {
        const counts = await runScenario({
          context,
          plan,
          share,
          clients,
          recorder,
          writer,
          stopping: stopping.signal,
        });
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
