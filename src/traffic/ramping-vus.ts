import type { ScenarioOf } from '../plan/scenario-schema.ts';
import { type Stage, stagesOf, toMicrosecond } from '../plan/timeline.ts';
import { ownIterations, runVu, startOffsetMs } from './closed.ts';
import { type SegmentRun, type StartCounts, StartTally } from './executor.ts';

/**
 * Virtual users come and go as the stages say. One that has to go may continue its iteration for gracefulRampDown. One
 * that comes back is made anew, but continues the count of iterations.
 */
export async function runRampingVus(run: SegmentRun, scenario: ScenarioOf<'ramping-vus'>): Promise<StartCounts> {
  const { segment } = run;
  const { scenarioStartMs, firstVu, fromMs, toMs } = segment;
  const window = { fromMs: fromMs - scenarioStartMs, toMs: toMs - scenarioStartMs };
  const tally = new StartTally(run);
  await Promise.all(
    segment.vus.map(async (vu) => {
      const next = ownIterations(segment, vu);
      for (const active of activeTimes(scenario, vu - firstVu, window)) {
        const work = {
          vu,
          fromMs: scenarioStartMs + active.fromMs + active.offsetMs,
          toMs: scenarioStartMs + active.toMs,
          hasNext: () => true,
          next,
        };
        // At the end of the segment the scenario's gracefulStop applies instead.
        const leaves = active.toMs < window.toMs;
        const mayReturn = await runVu(run, leaves ? { ...work, graceMs: scenario.gracefulRampDown } : work, tally);
        if (!mayReturn) break;
      }
    }),
  );
  return tally.ofUnplanned();
}

/** A time during which a virtual user is at work, in milliseconds after its scenario's start. */
type ActiveTime = {
  readonly fromMs: number;
  readonly toMs: number;
  /** How much later than `fromMs` it begins, because others come in the same instant. */
  readonly offsetMs: number;
};

export type RampingVus = Pick<ScenarioOf<'ramping-vus'>, 'startVUs' | 'stages'>;

/**
 * When a virtual user is at work: while the level, linear within each stage, is at least half above its index. So the
 * number of users at work is the level, rounded.
 * @param vuIndex its number in the scenario, from 0
 * @param window only times within it are returned
 */
export function activeTimes(
  scenario: RampingVus,
  vuIndex: number,
  window: { readonly fromMs: number; readonly toMs: number },
): ActiveTime[] {
  const threshold = vuIndex + 0.5;
  const times: ActiveTime[] = [];
  let before: Stage | undefined;
  for (const stage of stagesOf(scenario)) {
    if (stage.durationMs === 0) continue;
    const above = timeAbove(stage, threshold);
    const [fromMs, toMs] = [Math.max(above.fromMs, window.fromMs), Math.min(above.toMs, window.toMs)];
    const last = times.at(-1);
    if (fromMs < toMs) {
      if (last?.toMs === fromMs) times[times.length - 1] = { ...last, toMs };
      else times.push({ fromMs, toMs, offsetMs: offsetIn(stage, before, vuIndex, fromMs, window.fromMs) });
    }
    before = stage;
  }
  return times;
}

/** When the level is above the threshold. It never equals it at a stage's end: levels there are whole, the threshold is not. */
function timeAbove(stage: Stage, threshold: number): { readonly fromMs: number; readonly toMs: number } {
  const { fromMs, toMs, fromLevel, toLevel } = stage;
  const atMs = toMicrosecond(fromMs + ((toMs - fromMs) * (threshold - fromLevel)) / (toLevel - fromLevel));
  if (fromLevel > threshold) return { fromMs, toMs: toLevel > threshold ? toMs : atMs };
  return { fromMs: toLevel > threshold ? atMs : toMs, toMs };
}

/** Virtual users that come in one instant, at a jump or at the start of a window, are spread as at any other start. */
function offsetIn(
  stage: Stage,
  before: Stage | undefined,
  vuIndex: number,
  fromMs: number,
  windowFromMs: number,
): number {
  if (fromMs === windowFromMs) return startOffsetMs(vuIndex, levelAt(stage, fromMs));
  if (fromMs !== stage.fromMs) return 0;
  const levelBefore = before?.toLevel ?? 0;
  return startOffsetMs(vuIndex - levelBefore, stage.fromLevel - levelBefore);
}

function levelAt({ fromMs, toMs, fromLevel, toLevel }: Stage, ms: number): number {
  return Math.round(fromLevel + ((toLevel - fromLevel) * (ms - fromMs)) / (toMs - fromMs));
}
