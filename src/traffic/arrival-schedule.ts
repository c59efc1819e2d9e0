import type { ArrivalScenario } from '../plan/scenario-schema.ts';
import type { ScenarioSegment } from '../plan/slices.ts';
import { durationOf, type Stage, stagesOf, toMicrosecond } from '../plan/timeline.ts';

/** When the starts of a scenario come whose rate is linear within each stage. Times count from the scenario's start. */
type ArrivalSchedule = {
  /** The area of one start. Areas are doubled, so this is twice the time unit, milliseconds. */
  readonly startArea: number;
  /** Without jumps. */
  readonly stages: readonly StageArea[];
  readonly durationMs: number;
};

/** The area before a stage and after it, in twice rate times milliseconds: whole for whole numbers, hence exact. */
type StageArea = Stage & { readonly areaBefore: number; readonly areaAfter: number };

/** The schedule of a scenario whose starts come at a rate. */
export function arrivalSchedule(scenario: ArrivalScenario): ArrivalSchedule {
  let areaAfter = 0;
  const stages = ratesOf(scenario)
    .filter(({ durationMs }) => durationMs > 0)
    .map((stage): StageArea => {
      const areaBefore = areaAfter;
      areaAfter += (stage.fromLevel + stage.toLevel) * stage.durationMs;
      return { ...stage, areaBefore, areaAfter };
    });
  return { startArea: 2 * scenario.timeUnit, stages, durationMs: durationOf(scenario) };
}

/** A constant rate is a single stage. */
function ratesOf(scenario: ArrivalScenario): readonly Stage[] {
  if (scenario.executor === 'ramping-arrival-rate') return stagesOf(scenario);
  const { rate, duration } = scenario;
  return stagesOf({ startRate: rate, stages: [{ duration, target: rate }] });
}

/** A start this close to a stage's end, in fractions of a start, is at its end: sums of rates such as 0.1 are not exact. */
const TOLERANCE = 1e-9;

/**
 * The instant of the k-th start, k from 0: the moment at which the integral of the rate exceeds k. So the first start comes
 * when the rate first rises above 0, and none comes while it is 0. Each instant is computed separately, from whole numbers
 * where the plan has them, so there is no drift after any number of starts. Rounded to the nanosecond.
 * @returns milliseconds after the scenario's start; Infinity when there is no such start
 */
export function instantOf({ startArea, stages }: ArrivalSchedule, k: number): number {
  const area = k * startArea;
  const exceeded = area + TOLERANCE * startArea;
  for (const stage of stages) {
    if (stage.areaAfter > exceeded)
      return toNanosecond(stage.fromMs + timeTo(stage, Math.max(0, area - stage.areaBefore)));
  }
  return Number.POSITIVE_INFINITY;
}

/** When a stage has covered an area, ms after its start: the root of `fromLevel x + (toLevel - fromLevel) x² / 2 durationMs`. */
function timeTo({ fromLevel, toLevel, durationMs }: Stage, area: number): number {
  if (area === 0) return 0;
  const slope = (toLevel - fromLevel) / durationMs;
  // This form of the root loses no digits where the rate hardly changes. At the bottom of a ramp rounding can go below 0.
  return area / (fromLevel + Math.sqrt(Math.max(0, fromLevel * fromLevel + slope * area)));
}

/** How many starts come before an instant, given in milliseconds after the scenario's start. */
export function startsBefore(schedule: ArrivalSchedule, ms: number): number {
  // Rounding can put the estimate one off; what counts is on which side of the instant each start comes.
  let count = Math.max(0, Math.ceil(areaAt(schedule, ms) / schedule.startArea));
  while (count > 0 && instantOf(schedule, count - 1) >= ms) count--;
  while (instantOf(schedule, count) < ms) count++;
  return count;
}

function areaAt({ stages }: ArrivalSchedule, ms: number): number {
  const stage = stages.findLast(({ fromMs }) => fromMs <= ms);
  if (stage === undefined) return 0;
  const { fromMs, durationMs, fromLevel, toLevel, areaBefore } = stage;
  const x = Math.min(ms - fromMs, durationMs);
  return areaBefore + x * (2 * fromLevel + ((toLevel - fromLevel) * x) / durationMs);
}

function toNanosecond(ms: number): number {
  return Math.round(ms * 1e6) / 1e6;
}

/** The starts of a scenario that a segment makes: `first`, and every `step`-th after it below `end`. */
type SegmentStarts = { readonly first: number; readonly end: number; readonly step: number };

type Bounds = Pick<ScenarioSegment, 'scenarioStartMs' | 'fromMs' | 'toMs' | 'laneIndex' | 'laneCount'>;

/**
 * Of the starts whose instants lie in the segment's time, those of its lane. Segments of adjacent windows share the
 * boundary between them, so that no start falls between them or into both.
 */
export function segmentStarts(schedule: ArrivalSchedule, segment: Bounds): SegmentStarts {
  const { scenarioStartMs, fromMs, toMs, laneIndex, laneCount } = segment;
  const from = startsBefore(schedule, toMicrosecond(fromMs - scenarioStartMs));
  const end = startsBefore(schedule, toMicrosecond(toMs - scenarioStartMs));
  const first = from + ((((laneIndex - from) % laneCount) + laneCount) % laneCount);
  return { first, end, step: laneCount };
}
