import { layoutOf, type ScenarioSegment, segmentsOf, sliceOf } from '../../src/plan/slices.ts';
import type { Iteration, StartCounts } from '../../src/traffic/executor.ts';
import { runExecutor } from '../../src/traffic/run-scenario.ts';
import { aPlan } from '../support/a-plan.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** When the runs of these tests start, epoch milliseconds. */
export const RUN_START_MS = 1_800_000_000_000;

/** One iteration that began. Times are milliseconds after the run's start. */
export type Begun = { readonly vu: number; readonly number: number; readonly ordinal: number; readonly atMs: number };

/** What an executor did. Times are milliseconds after the run's start. */
export type Driven = {
  readonly counts: StartCounts;
  readonly begun: readonly Begun[];
  readonly dropped: readonly Iteration[];
  readonly interrupted: readonly { readonly vu: number; readonly atMs: number }[];
  readonly ended: readonly { readonly vu: number; readonly atMs: number }[];
  readonly made: readonly number[];
  /** The most virtual users at work at once, and how many were left at the end. */
  readonly most: number;
  readonly left: number;
  readonly overMs: number;
};

export type DriveOptions = {
  /** How long an iteration takes; Infinity until it is interrupted. */
  readonly callMs?: number | ((begun: Begun) => number);
  readonly thinkMs?: number;
  /** Milliseconds after the run's start at which the executor begins, and at which it is told to stop. */
  readonly clockMs?: number;
  readonly stopMs?: number;
  readonly lateAfterMs?: number;
};

/** The shares of a one-scenario plan with these keys, of a run of one process. */
export function onlyShare(scenario: Record<string, unknown>): ScenarioSegment {
  const steps = [{ tool: 'look' }];
  const plan = aPlan({ plan: { scenarios: { load: { target: 'web', steps, ...scenario } } } });
  const layout = layoutOf(plan, { vusPerLane: 1e9, ratePerLane: 1e9, windowMs: 1e12 });
  return segmentsOf(plan, sliceOf(layout, RUN_START_MS, 0, 0))[0] as ScenarioSegment;
}

/** Runs a share's executor in virtual time, with virtual users that write down what they are asked for. */
export async function drive(share: ScenarioSegment, options: DriveOptions = {}): Promise<Driven> {
  const { callMs = 0, thinkMs = 0, stopMs, lateAfterMs = 10 } = options;
  const clock = new VirtualClock(RUN_START_MS + (options.clockMs ?? 0));
  const now = () => clock.now() - RUN_START_MS;
  const stopping = new AbortController();
  const over = new AbortController();
  const begun: Begun[] = [];
  const dropped: Iteration[] = [];
  const interrupted: { vu: number; atMs: number }[] = [];
  const ended: { vu: number; atMs: number }[] = [];
  const made: number[] = [];
  const active = { now: 0, most: 0 };
  if (stopMs !== undefined) {
    void clock.sleepUntil(RUN_START_MS + stopMs, over.signal).then(() => stopping.abort());
  }
  const working = runExecutor({
    share,
    clock,
    stopping: stopping.signal,
    lateAfterMs,
    onActive: (change) => {
      active.now += change;
      active.most = Math.max(active.most, active.now);
    },
    onDropped: (iteration) => dropped.push(iteration),
    newVu: (vu) => {
      made.push(vu);
      const interrupt = new AbortController();
      return {
        iterate: ({ number, ordinal }) => {
          const one = { vu, number, ordinal, atMs: now() };
          begun.push(one);
          const ms = typeof callMs === 'function' ? callMs(one) : callMs;
          return clock.sleepUntil(clock.now() + ms, interrupt.signal);
        },
        think: () => thinkMs,
        interrupt: () => {
          interrupted.push({ vu, atMs: now() });
          interrupt.abort();
        },
        end: async () => {
          ended.push({ vu, atMs: now() });
        },
      };
    },
  });
  const counts = await clock.run(working.finally(() => over.abort()));
  return { counts, begun, dropped, interrupted, ended, made, most: active.most, left: active.now, overMs: now() };
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
