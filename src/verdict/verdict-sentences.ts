import type { Abort, BrokenCondition, Ceiling, ThresholdResult } from './verdict.ts';

/** What a threshold that failed showed. */
export function thresholdSentence(result: ThresholdResult): string {
  const { observed, at } = result;
  if (observed === null && result.over === 'stage' && at === undefined) {
    return `${named(result)}: no stage was run to its end, so nothing was shown.`;
  }
  if (observed === null) return `${named(result)}: there are no such samples, so nothing was shown.`;
  return `${named(result)}: observed ${short(observed)}${at === undefined ? '' : placed(at)}.`;
}

/** Why the run was ended before its time. */
export function abortSentence(abort: Abort): string {
  return `Aborted ${short(abort.atSeconds, 3)} s after the start: ${named(abort)}, observed ${short(abort.observed)}.`;
}

/** Up to which level the conditions over stages held. */
export function ceilingSentence({ held, broke, unit, scenario, stages }: Ceiling): string {
  if (broke !== null && held === null)
    return `Scenario ${scenario} broke at ${level(broke, unit)}, in its first stage.`;
  if (broke !== null) return `Scenario ${scenario} held at ${level(held as number, unit)}, broke at ${short(broke)}.`;
  if (held === null) return `Scenario ${scenario} ran none of its stages to its end.`;
  const all = stages.every((stage) => stage.held === true) ? 'in every stage, up to' : 'up to';
  return `Scenario ${scenario} held ${all} ${level(held, unit)}.`;
}

function named({ metric, expression, over = 'run' }: Partial<Pick<Abort, 'over'>> & Omit<BrokenCondition, 'observed'>) {
  if (over === 'run') return `${metric} ${expression}`;
  return `${metric} ${expression} over ${over === 'stage' ? 'each stage' : `${short(over / 1000)} s`}`;
}

function placed({ fromSeconds, toSeconds, stage }: NonNullable<ThresholdResult['at']>): string {
  const from = `from ${short(fromSeconds)} s to ${short(toSeconds)} s`;
  return stage === undefined ? ` ${from}` : ` in stage ${stage + 1}, ${from}`;
}

function level(value: number, unit: Ceiling['unit']): string {
  return `${short(value)} ${unit === 'vus' ? 'virtual users' : unit}`;
}

function short(value: number, digits = 6): string {
  return String(Number(value.toPrecision(digits)));
}
