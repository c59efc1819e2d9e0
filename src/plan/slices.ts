import type { Plan } from './plan-schema.ts';
import type { Scenario } from './scenario-schema.ts';
import { durationOf, isIterationBound, maxVusOf, peakRateOf, toMicrosecond } from './timeline.ts';

/** The most that one slice carries; from the installation's settings. */
export type Sizing = {
  readonly vusPerLane: number;
  /** Starts a second of scenarios whose starts come at a rate. */
  readonly ratePerLane: number;
  readonly windowMs: number;
};

/** How a plan is divided: lanes in space, windows in time. */
export type Layout = {
  readonly lanes: number;
  readonly windows: number;
  readonly windowMs: number;
  /** The longest time that the plan can take, without graceful stops. */
  readonly durationMs: number;
};

/** One lane during one window. */
export type Slice = {
  readonly sliceId: string;
  readonly lane: number;
  readonly lanes: number;
  readonly window: number;
  /** Epoch milliseconds: the run's planned start, and this window's bounds. */
  readonly runStartMs: number;
  readonly startAtMs: number;
  readonly endAtMs: number;
};

/** The part of one scenario that a slice runs. */
export type ScenarioSegment = {
  readonly name: string;
  readonly scenario: Scenario;
  /** The scenario's position in the plan, from 0. */
  readonly index: number;
  readonly window: number;
  /** `laneCount` lanes take turns in the scenario's virtual users and starts; this is number `laneIndex`, from 0. */
  readonly laneIndex: number;
  readonly laneCount: number;
  /** Number in the run of the scenario's first virtual user; the others follow it. */
  readonly firstVu: number;
  /** Numbers of this segment's virtual users, unique in the run and independent of the number of lanes. */
  readonly vus: readonly number[];
  /** Start of the whole scenario, epoch milliseconds. */
  readonly scenarioStartMs: number;
  /** When this segment begins iterations, epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
};

/** The most that a plan asks for. */
type PlanExtent = {
  readonly vus: number;
  /** Starts a second, the peaks of all scenarios added up. */
  readonly peakRate: number;
  /** Longest time with load, without graceful stops. */
  readonly durationMs: number;
  /** Shortest time with load: scenarios that count iterations may be done immediately. */
  readonly leastDurationMs: number;
};

/** Adds up the scenarios of a plan. */
export function planExtent(plan: Pick<Plan, 'scenarios'>): PlanExtent {
  const scenarios = Object.values(plan.scenarios);
  const sum = (of: (scenario: Scenario) => number) => scenarios.reduce((total, scenario) => total + of(scenario), 0);
  return {
    vus: sum(maxVusOf),
    peakRate: sum(peakRateOf),
    durationMs: Math.max(...scenarios.map((scenario) => scenario.startTime + durationOf(scenario))),
    leastDurationMs: Math.max(
      ...scenarios.map((scenario) => scenario.startTime + (isIterationBound(scenario) ? 0 : durationOf(scenario))),
    ),
  };
}

/** Divides a plan into as few lanes and windows as the sizing allows. */
export function layoutOf(plan: Plan, sizing: Sizing): Layout {
  const { vus, peakRate, durationMs, leastDurationMs } = planExtent(plan);
  const wanted = Math.max(Math.ceil(vus / sizing.vusPerLane), Math.ceil(peakRate / sizing.ratePerLane));
  // A scenario that counts iterations ends in the window in which it starts.
  const windowedMs = Math.max(leastDurationMs, ...Object.values(plan.scenarios).map(({ startTime }) => startTime + 1));
  const windowMs = Math.min(sizing.windowMs, durationMs);
  return { lanes: Math.max(1, Math.min(wanted, vus)), windows: Math.ceil(windowedMs / windowMs), windowMs, durationMs };
}

/** The id of the slice of a lane in a window; ids sort by window, then by lane. */
export function sliceIdOf(lane: number, window: number): string {
  const pad = (index: number) => String(index).padStart(4, '0');
  return `w${pad(window)}-l${pad(lane)}`;
}

/** The slice of a lane in a window, for a run that starts at `runStartMs`. */
export function sliceOf(layout: Layout, runStartMs: number, lane: number, window: number): Slice {
  const isLast = window === layout.windows - 1;
  return {
    sliceId: sliceIdOf(lane, window),
    lane,
    lanes: layout.lanes,
    window,
    runStartMs,
    startAtMs: runStartMs + window * layout.windowMs,
    endAtMs: runStartMs + (isLast ? layout.durationMs : (window + 1) * layout.windowMs),
  };
}

/**
 * A slice's part of the plan, computed from the plan and the slice alone. Lanes take turns in virtual users, starts and
 * iterations, so that all segments together are exactly the plan. A scenario that counts its iterations belongs to the
 * window in which it starts, however long it takes: only the slice that began it knows how many are left.
 */
export function segmentsOf(plan: Plan, slice: Slice): ScenarioSegment[] {
  const { lane, lanes, window, runStartMs, startAtMs, endAtMs } = slice;
  const segments: ScenarioSegment[] = [];
  let firstVu = 0;
  for (const [index, [name, scenario]] of Object.entries(plan.scenarios).entries()) {
    const count = maxVusOf(scenario);
    const laneCount = Math.min(lanes, count);
    const laneIndex = (((lane - firstVu) % lanes) + lanes) % lanes;
    const scenarioStartMs = runStartMs + scenario.startTime;
    const scenarioEndMs = scenarioStartMs + durationOf(scenario);
    const starts = scenarioStartMs >= startAtMs && scenarioStartMs < endAtMs;
    const [fromMs, toMs] = isIterationBound(scenario)
      ? [scenarioStartMs, starts ? scenarioEndMs : scenarioStartMs]
      : [Math.max(scenarioStartMs, startAtMs), Math.min(scenarioEndMs, endAtMs)];
    // Rounding can put two instants apart that are the same in the plan; the difference is below a microsecond.
    if (toMicrosecond(toMs - fromMs) > 0 && laneIndex < laneCount) {
      const vus = Array.from(
        { length: Math.ceil((count - laneIndex) / laneCount) },
        (_, at) => firstVu + laneIndex + at * laneCount,
      );
      segments.push({
        name,
        scenario,
        index,
        window,
        laneIndex,
        laneCount,
        firstVu,
        vus,
        scenarioStartMs,
        fromMs,
        toMs,
      });
    }
    firstVu += count;
  }
  return segments;
}
