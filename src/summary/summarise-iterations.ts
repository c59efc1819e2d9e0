import type { IterationCell } from './fold.ts';
import { percentilesOf } from './percentiles.ts';
import type { RunSpan } from './run-span.ts';
import { sorted } from './sorted.ts';
import type { ScenarioSummary, StartPoint, StartSeries } from './summary.ts';

/** The iterations of each scenario. @param measured cells without warm-up */
export function scenariosOf(measured: readonly IterationCell[], measuredSeconds: number): ScenarioSummary[] {
  const byScenario = Map.groupBy(measured, ({ scenario }) => scenario);
  return [...byScenario].map(([scenario, cells]) => {
    const durations = sorted(cells.map((cell) => cell.durations));
    return {
      scenario,
      target: (cells[0] as IterationCell).target,
      iterations: durations.length,
      iterationsPerSecond: durations.length / measuredSeconds,
      droppedIterations: cells.reduce((sum, { dropped }) => sum + dropped, 0),
      unfedIterations: cells.reduce((sum, { unfed }) => sum + unfed, 0),
      iterationMs: percentilesOf(durations),
    };
  });
}

/** What became of the starts that the plan has in each interval. @param cells warm-up included */
export function startsOf(
  cells: readonly IterationCell[],
  { plannedStarts, stopped }: RunSpan,
  intervals: number,
  intervalMs: number,
): StartSeries[] {
  return plannedStarts.map(({ scenario, starts }) => {
    const made = Map.groupBy(
      cells.filter((cell) => cell.scenario === scenario),
      ({ interval }) => interval,
    );
    // What a run that was stopped did not come to is not missing.
    const length = stopped ? intervals : Math.max(intervals, starts.length);
    const points = Array.from({ length }, (_, interval): StartPoint => {
      const here = made.get(interval) ?? [];
      return {
        atSeconds: (interval * intervalMs) / 1000,
        planned: starts[interval] ?? 0,
        started: here.reduce((sum, { durations, aborted, unfed }) => sum + durations.length + aborted + unfed, 0),
        dropped: here.reduce((sum, { dropped }) => sum + dropped, 0),
      };
    });
    return { scenario, intervalSeconds: intervalMs / 1000, points };
  });
}
