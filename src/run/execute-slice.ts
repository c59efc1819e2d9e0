import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Plan } from '../plan/plan-schema.ts';
import { type ScenarioSegment, type Slice, segmentsOf } from '../plan/slices.ts';
import { isIterationBound } from '../plan/timeline.ts';
import type { ReportTarget } from '../report/report.ts';
import { Recorder } from '../sample/recorder.ts';
import { prepareSegment } from '../scenario/virtual-user.ts';
import type { SliceHealth } from '../summary/generator-health.ts';
import type { Clock } from '../traffic/clock.ts';
import { runScenario } from '../traffic/run-scenario.ts';
import type { LoadEnd } from './load-end.ts';
import { planRedactor, type RunContext } from './run-context.ts';
import type { SentRequests } from './sent-requests.ts';
import { type SliceWriter, startFlushLoop } from './slice-writer.ts';
import {
  abortClients,
  closeClients,
  openSliceClients,
  requestsOf,
  type SliceClients,
  type TargetClient,
} from './target-client.ts';
import { warmUp } from './warm-up.ts';
import { watchEventLoop } from './watchdog.ts';

export type SliceLoad = {
  readonly plan: Plan;
  readonly slice: Slice;
  /** What preflight found the targets to be. */
  readonly targets: readonly ReportTarget[];
  /** True when another holder may have made load before: scenarios that count their iterations must not run again. */
  readonly takeover: boolean;
  /** True when the slice could be begun only after its start. */
  readonly isLate: boolean;
  /** Takes the samples. */
  readonly writer: SliceWriter;
  readonly end: LoadEnd;
  /** Is told how many requests are sent. */
  readonly sent: SentRequests;
};

/** What a slice reports about its load, and the recorder with the samples that are not stored yet. */
export type ExecutedSlice = {
  readonly figures: Omit<SliceHealth, 'store' | 'instance' | 'endedEarly' | 'peakPerSecond'>;
  readonly recorder: Recorder;
};

/**
 * Makes the load of one slice: waits for its start, and runs its segments until their end or until the load is ended.
 * Resolves when the last request is accounted for.
 * @throws when secrets are missing
 */
export async function executeSlice(context: RunContext, load: SliceLoad): Promise<ExecutedSlice> {
  const { clock } = context;
  const { plan, slice, targets, writer, end, sent } = load;
  const measuredFromMs = measuredFrom(plan, slice);
  const redactor = await planRedactor(plan, context.secrets);
  const recorder = new Recorder(
    slice.startAtMs,
    (block) => writer.take(block),
    (text) => redactor.redact(text),
    measuredFromMs,
  );
  const clients = await openSliceClients(context, {
    plan,
    targets: segmentsFor(load, clock.now()).map(({ scenario }) => scenario.target),
    found: targets,
    recorder,
    redactor,
    gate: end.fence,
  });
  sent.track(() => requestsOf(clients));
  end.fence.signal.addEventListener('abort', () => abortClients(clients, 'the load has ended'));
  const stopWatch = watchEventLoop(context.maxStallMs, `slice ${slice.sliceId}`);
  const flushing = startFlushLoop(context, slice, () => writer.flush(recorder));
  const shared = {
    plan,
    clock,
    gate: end.fence,
    recorder,
    stopping: end.stopping,
    onActive: (change: 1 | -1) => writer.countVu(change),
  };
  try {
    if (clock.now() < slice.startAtMs) await warmUp();
    await clock.sleepUntil(slice.startAtMs, end.stopping);
    const startDelayMs = Math.max(0, clock.now() - slice.startAtMs);
    const stopMeter = startMeter(clock);
    const segmentStarts = segmentsFor(load, clock.now()).map(async (segment) => {
      const run = prepareSegment(shared, segment, clients.get(segment.scenario.target) as TargetClient);
      return { scenario: segment.name, ...(await runScenario(run)) };
    });
    const starts = await Promise.all(segmentStarts)
      .catch((error: unknown) => {
        end.cut('broken', 'mcp-surge failed');
        throw error;
      })
      .finally(() => closeClients(clients));
    end.over();
    const figures = stopMeter();
    await flushing.stop();
    return {
      figures: {
        startDelayMs,
        ...figures,
        starts,
        tokens: tokensOf(clients),
        stoppedTargets: stoppedOf(clients),
        ...refusedOf(clients),
      },
      recorder,
    };
  } catch (error) {
    await flushing.stop();
    await writer.flush(recorder);
    throw error;
  } finally {
    stopWatch();
  }
}

/** The end of a slice's warm-up, epoch milliseconds; undefined when the plan has none. */
export function measuredFrom({ warmUp }: Plan, { runStartMs }: Slice): number | undefined {
  return warmUp === 0 ? undefined : runStartMs + warmUp;
}

/**
 * The segments that a slice runs. An attempt that takes over cannot know how many iterations the lost one had begun, and
 * which starts it had made or dropped. So it leaves out scenarios that count their iterations, and starts count from now.
 * They also do if the first attempt begins late: to make them all then would be load that nobody planned. The report counts
 * them as missing.
 */
function segmentsFor({ plan, slice, takeover, isLate }: SliceLoad, nowMs: number): ScenarioSegment[] {
  const segments = segmentsOf(plan, slice).filter(({ scenario }) => !takeover || !isIterationBound(scenario));
  if (!takeover && !isLate) return segments;
  return segments
    .filter(({ toMs }) => toMs > nowMs)
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

/** Requests of the targets that got no answer. */
function refusedOf(clients: SliceClients): Pick<SliceHealth, 'refusedRequests'> {
  const all = Array.from(clients.values(), ({ name, refusedRequests }) => ({ target: name, count: refusedRequests }));
  const refusedRequests = all.filter(({ count }) => count > 0);
  return refusedRequests.length === 0 ? {} : { refusedRequests };
}

/** The targets on which the load ended early. */
function stoppedOf(clients: SliceClients): SliceHealth['stoppedTargets'] {
  return [...clients.values()].flatMap(({ name, stopped }) =>
    stopped === undefined ? [] : { target: name, ...stopped },
  );
}
