import type { ScenarioOf } from '../plan/scenario-schema.ts';
import { type Stage, stagesOf, toMicrosecond } from '../plan/timeline.ts';
import { closedIterations, startOffsetMs } from './closed.ts';
import { type ExecutorOptions, runVu, type StartCounts, StartTally } from './executor.ts';

/** A time in which a virtual user is at work, in milliseconds after its scenario's start. */
export type VuSpan = {
  readonly fromMs: number;
  readonly toMs: number;
  /** It begins so much later than `fromMs`, because others come in the same instant. */
  readonly offsetMs: number;
};

export type RampingVus = Pick<ScenarioOf<'ramping-vus'>, 'startVUs' | 'stages'>;

/**
 * When a virtual user is at work: while the level, linear within each stage, is at least half above the user's place, so
 * that the users at work are the level, rounded.
 * @param place its number in the scenario, from 0
 * @param window the part of the scenario's time that is asked for; spans are cut at its ends
 */
export function vuSpans(
  scenario: RampingVus,
  place: number,
  window: { readonly fromMs: number; readonly toMs: number },
): VuSpan[] {
  const threshold = place + 0.5;
  const spans: VuSpan[] = [];
  let before: Stage | undefined;
  for (const stage of stagesOf(scenario)) {
    if (stage.durationMs === 0) continue;
    const { fromMs, toMs } = crossing(stage, threshold);
    const last = spans.at(-1);
    const cut = { fromMs: Math.max(fromMs, window.fromMs), toMs: Math.min(toMs, window.toMs) };
    if (cut.fromMs < cut.toMs) {
      if (last?.toMs === cut.fromMs) spans[spans.length - 1] = { ...last, toMs: cut.toMs };
      else spans.push({ ...cut, offsetMs: offsetIn(stage, before, place, cut.fromMs, window.fromMs) });
    }
    before = stage;
  }
  return spans;
}

/** When the level is at the threshold or above; levels at both ends are whole and the threshold is not, so never equal. */
function crossing(stage: Stage, threshold: number): { readonly fromMs: number; readonly toMs: number } {
  const { fromMs, toMs, fromLevel, toLevel } = stage;
  const atMs = toMicrosecond(fromMs + ((toMs - fromMs) * (threshold - fromLevel)) / (toLevel - fromLevel));
  if (fromLevel > threshold) return { fromMs, toMs: toLevel > threshold ? toMs : atMs };
  return { fromMs: toLevel > threshold ? atMs : toMs, toMs };
}

/** Those who come at once, by a jump or because a window begins, come one after the other as all crowds do. */
function offsetIn(
  stage: Stage,
  before: Stage | undefined,
  place: number,
  fromMs: number,
  windowFromMs: number,
): number {
  if (fromMs === windowFromMs) return startOffsetMs(place, levelAt(stage, fromMs));
  if (fromMs !== stage.fromMs) return 0;
  const there = before?.toLevel ?? 0;
  return startOffsetMs(place - there, stage.fromLevel - there);
}

function levelAt({ fromMs, toMs, fromLevel, toLevel }: Stage, ms: number): number {
  return Math.round(fromLevel + ((toLevel - fromLevel) * (ms - fromMs)) / (toMs - fromMs));
}

/**
 * Virtual users come and go as the stages say. One that has to go may go on with its iteration for gracefulRampDown; one
 * that comes back is a new one that goes on counting.
 */
export async function runRampingVus(
  options: ExecutorOptions,
  scenario: ScenarioOf<'ramping-vus'>,
): Promise<StartCounts> {
  const { share, lateAfterMs } = options;
  const { scenarioStartMs, firstVu, fromMs, toMs } = share;
  const window = { fromMs: fromMs - scenarioStartMs, toMs: toMs - scenarioStartMs };
  const tally = new StartTally(lateAfterMs);
  await Promise.all(
    share.vus.map(async (vu) => {
      const next = closedIterations(share, vu);
      for (const span of vuSpans(scenario, vu - firstVu, window)) {
        const work = {
          vu,
          fromMs: scenarioStartMs + span.fromMs + span.offsetMs,
          toMs: scenarioStartMs + span.toMs,
          hasNext: () => true,
          next,
        };
        // At the end of the share it is the scenario's gracefulStop that counts.
        const leaves = span.toMs < window.toMs;
        await runVu(options, leaves ? { ...work, graceMs: scenario.gracefulRampDown } : work, tally);
      }
    }),
  );
  return tally.ofUnplanned();
}
