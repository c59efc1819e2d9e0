import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Plan } from '../plan/plan-schema.ts';
import { type ScenarioSegment, type Slice, segmentsOf } from '../plan/slices.ts';
import { isIterationBound } from '../plan/timeline.ts';
import type { ReportTarget } from '../report/report.ts';
import { Recorder } from '../sample/recorder.ts';
import { prepareSegment } from '../scenario/virtual-user.ts';
import type { SliceHealth } from '../summary/generator-health.ts';
import type { Clock } from '../traffic/clock.ts';
import { OPEN_GATE } from '../traffic/fence.ts';
import { runScenario } from '../traffic/run-scenario.ts';
import { planRedactor, type RunContext } from './run-context.ts';
import { SliceWriter, startFlushLoop } from './slice-writer.ts';
import { abortClients, closeClients, openSliceClients, type SliceClients, type TargetClient } from './target-client.ts';
import { warmUp } from './warm-up.ts';

type SliceWork = {
  readonly runId: string;
  readonly plan: Plan;
  readonly slice: Slice;
  readonly attemptId: string;
  /** What preflight found the targets to be. */
  readonly targets: readonly ReportTarget[];
  /** True when another attempt may have begun before: scenarios that count their iterations must not run again. */
  readonly takeover: boolean;
};

/**
 * Makes the load of one slice: waits for its start, runs its segments, and stores every sample. Resolves when the last
 * request is accounted for.
 * @throws when secrets are missing or the store accepts nothing more
 */
export async function executeSlice(context: RunContext, work: SliceWork): Promise<SliceHealth> {
  const { clock } = context;
  const { runId, plan, slice, attemptId, targets } = work;
  const segments = segmentsFor(work, clock.now());
  const measuredFromMs = plan.warmUp === 0 ? undefined : slice.runStartMs + plan.warmUp;
  const writer = new SliceWriter(context, { runId, sliceId: slice.sliceId, attemptId, measuredFromMs });
  const redactor = await planRedactor(plan, context.secrets);
  const recorder = new Recorder(
    slice.startAtMs,
    (block) => writer.take(block),
    (text) => redactor.redact(text),
    measuredFromMs,
  );
  const clients = await openSliceClients(context, {
    plan,
    targets: segments.map(({ scenario }) => scenario.target),
    found: targets,
    recorder,
    redactor,
  });
  const stopping = new AbortController();
  const flushing = startFlushLoop(context, {
    runId,
    plan,
    slice,
    flush: () => writer.flush(recorder),
    onStop: () => stopping.abort(),
  });
  const shared = {
    plan,
    clock,
    gate: OPEN_GATE,
    recorder,
    stopping: stopping.signal,
    onActive: (change: 1 | -1) => writer.countVu(change),
  };
  try {
    if (clock.now() < slice.startAtMs) await warmUp();
    await clock.sleepUntil(slice.startAtMs, stopping.signal);
    const startDelayMs = Math.max(0, clock.now() - slice.startAtMs);
    const stopMeter = startMeter(clock);
    const segmentStarts = segments.map(async (segment) => {
      const run = prepareSegment(shared, segment, clients.get(segment.scenario.target) as TargetClient);
      return { scenario: segment.name, ...(await runScenario(run)) };
    });
    const starts = await Promise.all(segmentStarts)
      .catch((error: unknown) => {
        stopping.abort();
        abortClients(clients, 'the slice broke');
        throw error;
      })
      .finally(() => closeClients(clients));
    const figures = stopMeter();
    await flushing.stop();
    await writer.close(recorder);
    return {
      startDelayMs,
      ...figures,
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
 * The segments that a slice runs. An attempt that takes over cannot know how many iterations the lost one had begun, and
 * which starts it had made or dropped. So it leaves out scenarios that count their iterations, and starts count from now.
 */
function segmentsFor({ plan, slice, takeover }: SliceWork, nowMs: number): ScenarioSegment[] {
  const segments = segmentsOf(plan, slice);
  if (!takeover) return segments;
  return segments
    .filter(({ scenario, toMs }) => !isIterationBound(scenario) && toMs > nowMs)
    .map((segment) => ({ ...segment, fromMs: Math.max(segment.fromMs, nowMs) }));
}

type MeterFigures = Pick<SliceHealth, 'eventLoopDelayMs' | 'cpuSeconds' | 'cpuFromSeconds' | 'wallSeconds'>;

/** How often Node's monitor of the event loop ticks, in milliseconds. */
const LOOP_RESOLUTION_MS = 10;

/** Measures the process while a slice makes load. @returns stops it and gives the figures */
function startMeter(clock: Clock): () => MeterFigures {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  const cpuBefore = process.cpuUsage();
  const fromMs = clock.now();
  return () => {
    const wallSeconds = (clock.now() - fromMs) / 1000;
    const cpu = process.cpuUsage(cpuBefore);
    loop.disable();
    const isMeasured = loop.count >= 2;
    return {
      eventLoopDelayMs: {
        p99: isMeasured ? loopDelayMs(loop.percentile(percentWithoutLongest(loop.count))) : null,
        max: isMeasured ? loopDelayMs(loop.max) : null,
      },
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      cpuFromSeconds: (cpuBefore.user + cpuBefore.system) / 1e6,
      wallSeconds,
    };
  };
}

/** 99, or less where the 99th percentile of so many ticks would be the longest alone: one event is no rule. */
function percentWithoutLongest(ticks: number): number {
  return Math.min(99, (100 * (ticks - 1)) / ticks);
}

/** Node measures the whole interval between two ticks; only what exceeds the tick is delay. */
function loopDelayMs(tickNs: number): number {
  return Math.max(0, tickNs / 1e6 - LOOP_RESOLUTION_MS);
}

/** Token-fetch counts per target, for targets with expiring tokens. */
function tokensOf(clients: SliceClients): SliceHealth['tokens'] {
  const all = Array.from(clients.values(), ({ name, authorizer }) => ({ target: name, ...authorizer.tokens }));
  return all.filter(({ fetched, failed }) => fetched + failed > 0);
}

/** The targets on which the load ended early. */
function stoppedOf(clients: SliceClients): SliceHealth['stoppedTargets'] {
  return [...clients.values()].flatMap(({ name, stopped }) =>
    stopped === undefined ? [] : { target: name, ...stopped },
  );
}
