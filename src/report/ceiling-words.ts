import type { Ceiling, CeilingStage } from '../verdict/verdict.ts';
import { formatMoment, formatObserved, formatTick } from './format.ts';

/** One stage of a ceiling as a person reads it. */
export type CeilingRow = {
  readonly result: 'held' | 'broke' | 'not run';
  /** Its number among the scenario's stages, from 1. */
  readonly stage: string;
  readonly level: string;
  readonly time: string;
  /** The conditions that did not hold, with what was observed. */
  readonly broken: string;
};

/** What the levels of a ceiling count, as a heading. */
export const levelWords: Readonly<Record<Ceiling['unit'], string>> = { 'starts/s': 'starts/s', vus: 'virtual users' };

export function ceilingRows({ stages }: Ceiling): CeilingRow[] {
  return stages.map((stage) => ({
    result: resultOf(stage),
    stage: String(stage.index + 1),
    level: formatTick(stage.level),
    time: `${formatMoment(stage.fromSeconds)} to ${formatMoment(stage.toSeconds)}`,
    broken: stage.broken.map(brokenWords).join('; '),
  }));
}

/** The finding in one line. */
export function ceilingFinding({ held, broke, unit }: Ceiling): string {
  const level = (value: number) => `${formatTick(value)} ${levelWords[unit]}`;
  if (broke !== null) return `${held === null ? 'Never held' : `Held at ${level(held)}`}, broke at ${level(broke)}.`;
  return held === null ? 'No stage was run to its end.' : `Held at ${level(held)}; no stage broke.`;
}

function resultOf({ held }: CeilingStage): CeilingRow['result'] {
  if (held === null) return 'not run';
  return held ? 'held' : 'broke';
}

function brokenWords({ metric, expression, observed }: CeilingStage['broken'][number]): string {
  return `${metric} ${expression}: ${observed === null ? 'no samples' : formatObserved(observed)}`;
}
