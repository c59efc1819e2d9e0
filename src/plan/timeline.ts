import type { ArrivalScenario, IterationScenario, Scenario, ScenarioOf } from './scenario-schema.ts';
import type { Condition } from './threshold.ts';

/** One stage of a scenario with its place in time. The level changes linearly within it; a stage of no length is a jump. */
export type Stage = {
  /** Position among the scenario's stages, from 0. */
  readonly index: number;
  /** Milliseconds, rounded to the microsecond. */
  readonly fromMs: number;
  readonly toMs: number;
  /** As the plan writes it; 0 for a jump. */
  readonly durationMs: number;
  /** Virtual users, or starts in the scenario's time unit. */
  readonly fromLevel: number;
  readonly toLevel: number;
};

export type StagedScenario = ScenarioOf<'ramping-vus' | 'ramping-arrival-rate'>;
type StagedLoad =
  | Pick<ScenarioOf<'ramping-vus'>, 'startVUs' | 'stages'>
  | Pick<ScenarioOf<'ramping-arrival-rate'>, 'startRate' | 'stages'>;

/**
 * The stages of a scenario in order. Everything that depends on when a stage begins uses this walk, so that all of it
 * agrees to the microsecond.
 * @param startMs instant at which the first stage begins: 0 for times within the scenario, its startTime for times within
 *   the run
 */
export function stagesOf(scenario: StagedLoad, startMs = 0): readonly Stage[] {
  let toMs = startMs;
  let toLevel = 'startVUs' in scenario ? scenario.startVUs : scenario.startRate;
  return scenario.stages.map(({ duration, target }, index) => {
    const [fromMs, fromLevel] = [toMs, toLevel];
    toMs = toMicrosecond(fromMs + duration);
    toLevel = target;
    return { index, fromMs, toMs, durationMs: duration, fromLevel, toLevel };
  });
}

/** The part of a plan that sets its timeline. */
type PlanTimes = {
  readonly warmUp: number;
  readonly scenarios: Readonly<Record<string, Scenario>>;
  readonly thresholds: Readonly<Record<string, readonly Pick<Condition, 'over'>[]>>;
};

/**
 * The boundaries between a run's phases, which are measured separately: milliseconds from the run's start, ascending. They
 * are the end of the warm-up and, when a threshold covers every stage, the bounds of the stages. Phase 0 ends at the first
 * boundary, phase 1 at the second, and so on; a boundary belongs to the phase that it begins.
 */
export function phasesOf({ warmUp, scenarios, thresholds }: PlanTimes): readonly number[] {
  const boundaries = new Set([warmUp]);
  if (Object.values(thresholds).some((conditions) => conditions.some(({ over }) => over === 'stage'))) {
    for (const scenario of Object.values(scenarios).filter(isStaged)) {
      boundaries.add(scenario.startTime);
      for (const { toMs } of stagesOf(scenario, scenario.startTime)) boundaries.add(toMs);
    }
  }
  return [...boundaries].filter((atMs) => atMs > 0).toSorted((a, b) => a - b);
}

/** How many of a run's first phases belong to its warm-up. */
export function warmUpPhasesOf(plan: PlanTimes): number {
  return phasesOf(plan).filter((boundaryMs) => boundaryMs <= plan.warmUp).length;
}

/** The phase that an instant belongs to. @param atMs from the start of the run; earlier instants are in phase 0 */
export function phaseAt(phaseBoundariesMs: readonly number[], atMs: number): number {
  let phase = 0;
  while (phase < phaseBoundariesMs.length && (phaseBoundariesMs[phase] as number) <= atMs) phase++;
  return phase;
}

/** A stage that conditions are measured over. */
export type MeasuredStage = {
  /** Position among the scenario's stages, from 0. */
  readonly index: number;
  /** The highest level within it: starts a second, or virtual users. */
  readonly level: number;
  /** Milliseconds from the run's start, without the warm-up. */
  readonly fromMs: number;
  readonly toMs: number;
};

type MeasuredStages = {
  readonly scenario: string;
  readonly unit: 'vus' | 'starts/s';
  readonly stages: readonly MeasuredStage[];
};

/**
 * The stages of the plan's one scenario with stages, without jumps and without stages that the warm-up covers; undefined
 * when no scenario has stages.
 */
export function measuredStagesOf({
  scenarios,
  warmUp,
}: Pick<PlanTimes, 'scenarios' | 'warmUp'>): MeasuredStages | undefined {
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (!isStaged(scenario)) continue;
    const perSecond = isArrival(scenario) ? 1000 / scenario.timeUnit : 1;
    const stages = stagesOf(scenario, scenario.startTime).map(({ index, fromMs, toMs, fromLevel, toLevel }) => {
      return { index, level: Math.max(fromLevel, toLevel) * perSecond, fromMs: Math.max(fromMs, warmUp), toMs };
    });
    return {
      scenario: name,
      unit: isArrival(scenario) ? 'starts/s' : 'vus',
      stages: stages.filter(({ fromMs, toMs }) => toMs > fromMs),
    };
  }
  return undefined;
}

/** True for executors whose starts come at a rate. */
export function isArrival(scenario: Scenario): scenario is ArrivalScenario {
  return scenario.executor === 'constant-arrival-rate' || scenario.executor === 'ramping-arrival-rate';
}

/** True for executors that end when their iterations are done. */
export function isIterationBound(scenario: Scenario): scenario is IterationScenario {
  return scenario.executor === 'per-vu-iterations' || scenario.executor === 'shared-iterations';
}

/** True for executors whose level changes in stages. */
export function isStaged(scenario: Scenario): scenario is StagedScenario {
  return scenario.executor === 'ramping-vus' || scenario.executor === 'ramping-arrival-rate';
}

/** The most virtual users that a scenario can have at a time. */
export function maxVusOf(scenario: Scenario): number {
  switch (scenario.executor) {
    case 'ramping-vus':
      return Math.max(scenario.startVUs, ...scenario.stages.map(({ target }) => target));
    case 'constant-arrival-rate':
    case 'ramping-arrival-rate':
      return scenario.maxVUs ?? scenario.preAllocatedVUs;
    default:
      return scenario.vus;
  }
}

/** For how long a scenario begins iterations, in milliseconds; at most that long when it counts its iterations. */
export function durationOf(scenario: Scenario): number {
  if (isIterationBound(scenario)) return scenario.maxDuration;
  return isStaged(scenario) ? (stagesOf(scenario).at(-1)?.toMs ?? 0) : scenario.duration;
}

/** The most starts a second that a scenario asks for; 0 where its virtual users set the pace. */
export function peakRateOf(scenario: Scenario): number {
  if (!isArrival(scenario)) return 0;
  const rates =
    scenario.executor === 'constant-arrival-rate'
      ? [scenario.rate]
      : [scenario.startRate, ...scenario.stages.map(({ target }) => target)];
  return (Math.max(...rates) * 1000) / scenario.timeUnit;
}

/** Levels of load: starts a second of all scenarios at a rate, and virtual users of all others. */
export type LoadLevels = { readonly starts: number; readonly vus: number };

/**
 * The highest levels of load that a plan has at some moment of a time. Levels of different scenarios are added even if their
 * moments differ, so it may be more than the plan ever has.
 * @param fromMs milliseconds from the run's start, as `toMs`
 */
export function highestLevels(scenarios: readonly Scenario[], fromMs: number, toMs: number): LoadLevels {
  let [starts, vus] = [0, 0];
  for (const scenario of scenarios) {
    const level = highestLevel(scenario, fromMs, toMs);
    if (isArrival(scenario)) starts += (level * 1000) / scenario.timeUnit;
    else vus += level;
  }
  return { starts, vus };
}

function highestLevel(scenario: Scenario, fromMs: number, toMs: number): number {
  const { startTime } = scenario;
  if (toMs <= startTime || fromMs >= startTime + durationOf(scenario)) return 0;
  if (!isStaged(scenario)) return isArrival(scenario) ? scenario.rate : scenario.vus;
  const levels = stagesOf(scenario, startTime)
    .filter((stage) => stage.toMs >= fromMs && stage.fromMs <= toMs)
    .flatMap((stage) => [levelAt(stage, fromMs), levelAt(stage, toMs)]);
  return Math.max(0, ...levels);
}

/** The level of a stage at an instant; before or after the stage, that of its nearest end. */
function levelAt({ fromMs, durationMs, fromLevel, toLevel }: Stage, atMs: number): number {
  const share = durationMs === 0 ? 1 : Math.min(1, Math.max(0, (atMs - fromMs) / durationMs));
  return fromLevel + (toLevel - fromLevel) * share;
}

/** How many iterations a scenario plans to begin; undefined where virtual users begin as many as they can. */
export function plannedIterationsOf(scenario: Scenario): number | undefined {
  switch (scenario.executor) {
    case 'constant-vus':
    case 'ramping-vus':
      return undefined;
    case 'per-vu-iterations':
      return scenario.vus * scenario.iterations;
    case 'shared-iterations':
      return scenario.iterations;
    case 'constant-arrival-rate':
      return startsIn((scenario.rate * scenario.duration) / scenario.timeUnit);
    case 'ramping-arrival-rate': {
      const areas = stagesOf(scenario).map((stage) => (stage.durationMs * (stage.fromLevel + stage.toLevel)) / 2);
      return startsIn(areas.reduce((sum, area) => sum + area, 0) / scenario.timeUnit);
    }
  }
}

/** A start comes whenever the integral of the rate reaches 0, 1, 2, …; a start due exactly at the end does not happen. */
function startsIn(integral: number): number {
  return Math.ceil(integral - integral * 1e-12);
}

/** Milliseconds rounded to the microsecond, the precision of durations in a plan; removes floating-point residue of sums. */
export function toMicrosecond(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
