import type { ArrivalScenario } from '../plan/scenario-schema.ts';
import type { ScenarioSegment } from '../plan/slices.ts';
import { lengthOf, type Stage, toMicrosecond } from '../plan/timeline.ts';

/** When the starts of a scenario come, whose rate is linear within each of its stages. Times count from its start. */
export type ArrivalSchedule = {
  /** How many starts one millisecond's worth of a rate of 1 makes, times two: areas below are doubled. */
  readonly doubledUnitMs: number;
  readonly pieces: readonly Piece[];
  readonly durationMs: number;
};

/** A stage that lasts. Its areas are twice rate times milliseconds, which for whole numbers are whole, hence exact. */
type Piece = {
  readonly fromMs: number;
  readonly lastsMs: number;
  readonly fromRate: number;
  readonly toRate: number;
  readonly areaBefore: number;
  readonly areaAfter: number;
};

/** A start this close to a stage's end, in parts of a start, is at its end: sums of rates such as 0.1 are not exact. */
const NEARLY = 1e-9;

/** The schedule of a scenario whose starts come at a rate. */
export function arrivalSchedule(scenario: ArrivalScenario): ArrivalSchedule {
  return scenario.executor === 'constant-arrival-rate'
    ? scheduleOf(scenario.rate, [{ duration: scenario.duration, target: scenario.rate }], scenario.timeUnit)
    : scheduleOf(scenario.startRate, scenario.stages, scenario.timeUnit);
}

function scheduleOf(startRate: number, stages: readonly Stage[], timeUnitMs: number): ArrivalSchedule {
  const pieces: Piece[] = [];
  let fromRate = startRate;
  let fromMs = 0;
  let areaBefore = 0;
  for (const { duration, target } of stages) {
    if (duration > 0) {
      const areaAfter = areaBefore + (fromRate + target) * duration;
      pieces.push({ fromMs, lastsMs: duration, fromRate, toRate: target, areaBefore, areaAfter });
      fromMs = toMicrosecond(fromMs + duration);
      areaBefore = areaAfter;
    }
    fromRate = target;
  }
  return { doubledUnitMs: 2 * timeUnitMs, pieces, durationMs: lengthOf(stages) };
}

/**
 * The instant of the k-th start, k from 0: from when on the integral of the rate is above k. So the first start comes
 * when the rate first rises from 0, and none comes while it is 0. Each instant is worked out by itself, from whole
 * numbers where the plan has them, so there is no drift however many came before; to the nanosecond.
 * @returns milliseconds after the scenario's start; Infinity when there is no such start
 */
export function instantOf({ doubledUnitMs, pieces }: ArrivalSchedule, k: number): number {
  const area = k * doubledUnitMs;
  const least = area + NEARLY * doubledUnitMs;
  for (const piece of pieces) {
    if (piece.areaAfter > least)
      return toNanosecond(piece.fromMs + timeTo(piece, Math.max(0, area - piece.areaBefore)));
  }
  return Number.POSITIVE_INFINITY;
}

/** How long after its start a stage has made an area: the root of `fromRate x + (toRate - fromRate) x² / 2 lastsMs`. */
function timeTo({ fromRate, toRate, lastsMs }: Piece, area: number): number {
  if (area === 0) return 0;
  const slope = (toRate - fromRate) / lastsMs;
  // This form of the root loses no digits where the rate hardly changes; at the bottom of a ramp rounding may go below 0.
  return area / (fromRate + Math.sqrt(Math.max(0, fromRate * fromRate + slope * area)));
}

/** How many starts come before an instant, given in milliseconds after the scenario's start. */
export function startsBefore(schedule: ArrivalSchedule, ms: number): number {
  // Rounding may put the estimate one off; what counts is on which side of the instant each start comes.
  let count = Math.max(0, Math.ceil(areaAt(schedule, ms) / schedule.doubledUnitMs));
  while (count > 0 && instantOf(schedule, count - 1) >= ms) count--;
  while (instantOf(schedule, count) < ms) count++;
  return count;
}

function areaAt({ pieces }: ArrivalSchedule, ms: number): number {
  const piece = pieces.findLast(({ fromMs }) => fromMs <= ms);
  if (piece === undefined) return 0;
  const { fromMs, lastsMs, fromRate, toRate, areaBefore } = piece;
  const x = Math.min(ms - fromMs, lastsMs);
  return areaBefore + x * (2 * fromRate + ((toRate - fromRate) * x) / lastsMs);
}

function toNanosecond(ms: number): number {
  return Math.round(ms * 1e6) / 1e6;
}

/** Starts of a scenario that fall to a share: `first`, and every `step`-th after it below `end`. */
export type SegmentStarts = { readonly first: number; readonly end: number; readonly step: number };

type Bounds = Pick<ScenarioSegment, 'scenarioStartMs' | 'fromMs' | 'toMs' | 'laneIndex' | 'laneCount'>;

/**
 * The starts whose instants lie in the share's time, of these its part. Shares whose windows meet have that boundary in
 * common, so that no start falls between them or into both.
 */
export function segmentStarts(schedule: ArrivalSchedule, share: Bounds): SegmentStarts {
  const { scenarioStartMs, fromMs, toMs, laneIndex, laneCount } = share;
  const from = startsBefore(schedule, toMicrosecond(fromMs - scenarioStartMs));
  const end = startsBefore(schedule, toMicrosecond(toMs - scenarioStartMs));
  const first = from + ((((laneIndex - from) % laneCount) + laneCount) % laneCount);
  return { first, end, step: laneCount };
}
