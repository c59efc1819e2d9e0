import { layoutOf, type ScenarioSegment, segmentsOf, sliceOf } from '../../src/plan/slices.ts';
import type { CutOutcome } from '../../src/sample/outcome.ts';
import type { Iteration, SegmentRun, StartCounts, VirtualUser } from '../../src/traffic/executor.ts';
import { Fence, OPEN_GATE } from '../../src/traffic/fence.ts';
import { runScenario } from '../../src/traffic/run-scenario.ts';
import { aPlan } from '../support/a-plan.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** When the runs of these tests start, epoch milliseconds. */
export const RUN_START_MS = 1_800_000_000_000;

/** One iteration that began. Times are milliseconds after the run's start. */
export type Begun = { readonly vu: number; readonly number: number; readonly ordinal: number; readonly atMs: number };

/** Something that a virtual user was asked for, in milliseconds after the run's start. */
type Asked = { readonly vu: number; readonly atMs: number };

/** What an executor did. Times are milliseconds after the run's start. */
export type Driven = {
  readonly counts: StartCounts;
  readonly begun: readonly Begun[];
  readonly dropped: readonly Iteration[];
  readonly interrupted: readonly Asked[];
  /** When the virtual users began to end. */
  readonly ended: readonly Asked[];
  /** When the segment's requests in flight were aborted. */
  readonly abortedMs: readonly number[];
  /** The outcomes of requests in flight, in the order in which they were interrupted or aborted. */
  readonly cuts: readonly CutOutcome[];
  readonly made: readonly number[];
  /** The most virtual users at work at the same time, and how many were left at the end. */
  readonly most: number;
  readonly left: number;
  readonly overMs: number;
};

export type DriveOptions = {
  /** How long an iteration takes; Infinity until it is interrupted or aborted. */
  readonly callMs?: number | ((begun: Begun) => number);
  /** How long a virtual user takes to end, unless it is aborted. */
  readonly endMs?: number;
  readonly thinkMs?: number;
  /** Rows of a feed that does not repeat; an iteration with a later ordinal does nothing. */
  readonly feedRows?: number;
  /** Milliseconds after the run's start at which the executor begins, and at which it is told to stop. */
  readonly clockMs?: number;
  readonly stopMs?: number;
  /** After so many milliseconds no load may be made any more, which only the starts themselves find out. */
  readonly fenceMs?: number;
  readonly lateAfterMs?: number;
  /** How much later than asked every sleeper wakes. */
  readonly oversleepMs?: number;
};

/** The segment of a one-scenario plan with these keys, in a run of one slice. */
export function onlySegment(scenario: Record<string, unknown>): ScenarioSegment {
  const steps = [{ tool: 'look' }];
  const plan = aPlan({ plan: { scenarios: { load: { target: 'web', steps, ...scenario } } } });
  const layout = layoutOf(plan, { vusPerLane: 1e9, ratePerLane: 1e9, windowMs: 1e12 });
  return segmentsOf(plan, sliceOf(layout, RUN_START_MS, 0, 0))[0] as ScenarioSegment;
}

/** A segment at work whose virtual users do nothing, except where told otherwise. */
export function idleRun(segment: ScenarioSegment, clock: VirtualClock, vu: Partial<VirtualUser> = {}): SegmentRun {
  return {
    segment,
    clock,
    stopping: new AbortController().signal,
    gate: OPEN_GATE,
    lateAfterMs: 10,
    onActive: () => {},
    onDropped: () => {},
    abort: () => {},
    newVu: () => ({
      iterate: async () => {},
      done: false,
      think: () => 0,
      interrupt: () => {},
      end: async () => {},
      ...vu,
    }),
  };
}

/** Runs a segment in virtual time, with virtual users that write down what they are asked for. */
export async function drive(segment: ScenarioSegment, options: DriveOptions = {}): Promise<Driven> {
  const { callMs = 0, endMs = 0, thinkMs = 0, feedRows, stopMs, fenceMs, lateAfterMs = 10, oversleepMs } = options;
  const clock = new VirtualClock(RUN_START_MS + (options.clockMs ?? 0), oversleepMs);
  const now = () => clock.now() - RUN_START_MS;
  const stopping = new AbortController();
  const over = new AbortController();
  const gate = fenceMs === undefined ? OPEN_GATE : new Fence(RUN_START_MS, fenceMs, 'no proof');
  if (gate instanceof Fence) gate.signal.addEventListener('abort', () => stopping.abort());
  const begun: Begun[] = [];
  const dropped: Iteration[] = [];
  const interrupted: Asked[] = [];
  const ended: Asked[] = [];
  const abortedMs: number[] = [];
  const cuts: CutOutcome[] = [];
  const made: number[] = [];
  const active = { now: 0, most: 0 };
  const inFlight = new Set<AbortController>();
  /** Waits, unless it is aborted before. */
  const wait = async (ms: number, interrupt = new AbortController()) => {
    inFlight.add(interrupt);
    await clock.sleepUntil(clock.now() + ms, interrupt.signal);
    inFlight.delete(interrupt);
  };
  if (stopMs !== undefined) {
    void clock.sleepUntil(RUN_START_MS + stopMs, over.signal).then(() => stopping.abort());
  }
  const working = runScenario({
    segment,
    clock,
    stopping: stopping.signal,
    gate,
    lateAfterMs,
    onActive: (change) => {
      active.now += change;
      active.most = Math.max(active.most, active.now);
    },
    onDropped: (iteration) => dropped.push(iteration),
    abort: (_, outcome) => {
      abortedMs.push(now());
      cuts.push(outcome);
      for (const request of inFlight) request.abort();
    },
    newVu: (vu) => {
      made.push(vu);
      const interrupt = new AbortController();
      let done = false;
      return {
        get done() {
          return done;
        },
        iterate: ({ number, ordinal }) => {
          done = ordinal >= (feedRows ?? Number.POSITIVE_INFINITY);
          if (done) return Promise.resolve();
          const one = { vu, number, ordinal, atMs: now() };
          begun.push(one);
          return wait(typeof callMs === 'function' ? callMs(one) : callMs, interrupt);
        },
        think: () => thinkMs,
        interrupt: (outcome) => {
          interrupted.push({ vu, atMs: now() });
          cuts.push(outcome);
          interrupt.abort();
        },
        end: () => {
          ended.push({ vu, atMs: now() });
          return wait(endMs);
        },
      };
    },
  });
  const counts = await clock.run(working.finally(() => over.abort()));
  const { most, now: left } = active;
  return { counts, begun, dropped, interrupted, ended, abortedMs, cuts, made, most, left, overMs: now() };
}

/** When the iterations of each virtual user began. */
export function beginningsOf({ begun }: Driven): Record<number, number[]> {
  const of: Record<number, number[]> = {};
  for (const { vu, atMs } of begun) {
    of[vu] ??= [];
    of[vu].push(atMs);
  }
  return of;
}
