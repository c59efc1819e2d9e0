import type { Outcome } from '../sample/outcome.ts';
import type { IterationCell, SessionFold } from './fold.ts';
import { mergeSessions } from './merge-folds.ts';
import { columnPercentilesOf, percentilesOf, sorted } from './percentiles.ts';
import type { RunSpan, ScenarioSummary, SessionPoint, SessionSummary, StartPoint, StartSeries } from './summary.ts';

/** The iterations of each scenario. @param measured cells without warm-up */
export function scenariosOf(measured: readonly IterationCell[], measuredSeconds: number): ScenarioSummary[] {
  const byScenario = Map.groupBy(measured, ({ scenario }) => scenario);
  return [...byScenario].map(([scenario, cells]) => {
    const durations = sorted(cells.map((cell) => cell.durations));
    return {
      scenario,
      target: (cells[0] as IterationCell).target,
      iterations: durations.length,
      unfinishedIterations: cells.reduce((sum, { aborted }) => sum + aborted, 0),
      iterationsPerSecond: durations.length / measuredSeconds,
      droppedIterations: cells.reduce((sum, { dropped }) => sum + dropped, 0),
      unfedIterations: cells.reduce((sum, { iterationsWithoutFeedRow }) => sum + iterationsWithoutFeedRow, 0),
      iterationMs: columnPercentilesOf(durations),
    };
  });
}

/** Planned, made and dropped starts in each interval. @param cells warm-up included */
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
    // A stopped run is not missing the starts after its end.
    const length = stopped ? intervals : Math.max(intervals, starts.length);
    const points = Array.from({ length }, (_, interval): StartPoint => {
      const here = made.get(interval) ?? [];
      return {
        atSeconds: (interval * intervalMs) / 1000,
        planned: starts[interval] ?? 0,
        started: here.reduce((sum, cell) => sum + startedIn(cell), 0),
        dropped: here.reduce((sum, { dropped }) => sum + dropped, 0),
      };
    });
    return { scenario, intervalSeconds: intervalMs / 1000, points };
  });
}

function startedIn({ durations, aborted, iterationsWithoutFeedRow }: IterationCell): number {
  return durations.length + aborted + iterationsWithoutFeedRow;
}

/** The sessions with all targets together (`*`), then with each target; empty when no target has sessions. */
export function sessionsOf(folds: readonly SessionFold[], intervals: number, intervalMs: number): SessionSummary[] {
  if (folds.length === 0) return [];
  return [{ ...mergeSessions(folds), target: '*' }, ...folds].map((fold) => summaryOf(fold, intervals, intervalMs));
}

function summaryOf(fold: SessionFold, intervals: number, intervalMs: number): SessionSummary {
  const losses = Object.entries(fold.losses)
    .map(([outcome, count]) => ({ outcome: outcome as Outcome, count: count ?? 0 }))
    .toSorted((a, b) => b.count - a.count);
  const lost = losses.reduce((sum, { count }) => sum + count, 0);
  const points = sessionActivity(fold, intervals, intervalMs);
  return {
    target: fold.target,
    opened: fold.opened.length,
    closed: fold.closed.length - lost,
    lost,
    losses,
    most: points.reduce((most, point) => Math.max(most, point.most), 0),
    lifetimeMs: percentilesOf(fold.lifetimes, 1),
    intervalSeconds: intervalMs / 1000,
    points,
  };
}

/**
 * How many sessions were open in each interval. If one closes in the same millisecond as another opens, it closes first.
 * @param intervals their number; what happens after the last one is left out
 */
function sessionActivity(
  { opened, closed }: Pick<SessionFold, 'opened' | 'closed'>,
  intervals: number,
  intervalMs: number,
): SessionPoint[] {
  let [open, close] = [0, 0];
  const points: SessionPoint[] = [];
  for (let interval = 0; interval < intervals; interval++) {
    const endMs = (interval + 1) * intervalMs;
    let most = open - close;
    while ((opened[open] ?? endMs) < endMs || (closed[close] ?? endMs) < endMs) {
      if ((closed[close] ?? endMs) <= (opened[open] ?? endMs)) close++;
      else open++;
      most = Math.max(most, open - close);
    }
    points.push({ atSeconds: (interval * intervalMs) / 1000, active: open - close, most });
  }
  return points;
}
