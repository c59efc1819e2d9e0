import type { Percentiles } from '../summary/percentiles.ts';
import type { Report } from './report.ts';

/** What a person reads of one scenario. */
export type ScenarioRow = {
  readonly scenario: string;
  /** Starts that have an instant, and those of them that came late, warm-up included; null when virtual users set the pace. */
  readonly planned: number | null;
  readonly late: number | null;
  readonly iterations: number;
  readonly dropped: number;
  readonly perSecond: number;
  readonly iterationMs: Percentiles | null;
};

/** The scenarios, unless there is one whose virtual users set the pace: the totals say all of that. */
export function scenarioRows({ scenarios, generator }: Report): readonly ScenarioRow[] {
  const rows = scenarios.map(({ scenario, iterations, droppedIterations, iterationsPerSecond, iterationMs }) => {
    const starts = generator.starts.scenarios.find((each) => each.scenario === scenario);
    const planned = starts?.planned ?? null;
    return {
      scenario,
      planned,
      late: planned === null ? null : (starts?.late ?? 0),
      iterations,
      dropped: droppedIterations,
      perSecond: iterationsPerSecond,
      iterationMs,
    };
  });
  return rows.length === 1 && rows[0]?.planned === null ? [] : rows;
}
