import type { Plan } from './plan-schema.ts';
import type { Scenario } from './scenario-schema.ts';

/** How much one slice may carry; from the installation's settings. */
export type Sizing = { readonly vusPerLane: number; readonly windowMs: number };

/** How a plan is divided: lanes in space, windows in time. */
export type Layout = {
  readonly lanes: number;
  readonly windows: number;
  readonly windowMs: number;
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

/** What of one scenario falls to a slice. */
export type Share = {
  readonly name: string;
  readonly scenario: Scenario;
  /** Numbers of the virtual users, unique in the run and the same whatever the number of lanes. */
  readonly vus: readonly number[];
  /** Epoch milliseconds between which these virtual users begin iterations. */
  readonly fromMs: number;
  readonly toMs: number;
};

/** Number of virtual users, and how long the plan makes load, without graceful stops. */
export function planExtent(plan: Plan): { readonly vus: number; readonly durationMs: number } {
  const scenarios = Object.values(plan.scenarios);
  return {
    vus: scenarios.reduce((sum, scenario) => sum + scenario.vus, 0),
    durationMs: Math.max(...scenarios.map((scenario) => scenario.startTime + scenario.duration)),
  };
}

/** Divides a plan: as few lanes and windows as the sizing allows. */
export function layoutOf(plan: Plan, sizing: Sizing): Layout {
  const { vus, durationMs } = planExtent(plan);
  const windowMs = Math.min(sizing.windowMs, durationMs);
  return { lanes: Math.ceil(vus / sizing.vusPerLane), windows: Math.ceil(durationMs / windowMs), windowMs, durationMs };
}

/** The slice of a lane in a window, for a run that starts at `runStartMs`. */
export function sliceOf(layout: Layout, runStartMs: number, lane: number, window: number): Slice {
  const pad = (index: number) => String(index).padStart(4, '0');
  return {
    sliceId: `w${pad(window)}-l${pad(lane)}`,
    lane,
    lanes: layout.lanes,
    window,
    runStartMs,
    startAtMs: runStartMs + window * layout.windowMs,
    endAtMs: runStartMs + Math.min((window + 1) * layout.windowMs, layout.durationMs),
  };
}

/**
 * A slice's share of the plan, worked out from the plan and the slice alone: virtual users are dealt to the lanes in
 * turn, so the shares of all lanes are exactly the plan's virtual users, and those of all windows its whole duration.
 */
export function sharesOf(plan: Plan, slice: Slice): Share[] {
  const shares: Share[] = [];
  let firstVu = 0;
  for (const [name, scenario] of Object.entries(plan.scenarios)) {
    const scenarioStartMs = slice.runStartMs + scenario.startTime;
    const fromMs = Math.max(scenarioStartMs, slice.startAtMs);
    const toMs = Math.min(scenarioStartMs + scenario.duration, slice.endAtMs);
    const vus = Array.from({ length: scenario.vus }, (_, index) => firstVu + index).filter(
      (vu) => vu % slice.lanes === slice.lane,
    );
    if (fromMs < toMs && vus.length > 0) shares.push({ name, scenario, vus, fromMs, toMs });
    firstVu += scenario.vus;
  }
  return shares;
}
