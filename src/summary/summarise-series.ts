import type { Cell } from './fold.ts';
import { quantile } from './percentiles.ts';
import { sorted } from './sorted.ts';
import type { Series, SeriesPoint, SessionSummary } from './summary.ts';

const ALL = { target: '*', operation: '*' };

/**
 * The series of all requests together (`*`), then of each operation; all cover the same intervals, warm-up included.
 * @param intervals how many there are
 */
export function seriesOf(
  cells: readonly Cell[],
  sessions: readonly SessionSummary[],
  intervals: number,
  intervalMs: number,
): Series[] {
  if (cells.length === 0) return [];
  const operations = [...Map.groupBy(cells, ({ target, operation }) => `${target}\n${operation}`).values()];
  return [cells, ...operations].map((group, index) => {
    const { target, operation } = index === 0 ? ALL : (group[0] as Cell);
    const open = sessions.find((each) => each.target === target);
    const points = pointsOf(group, intervals, intervalMs).map((point, at) => {
      return { ...point, activeSessions: open?.points[at]?.most ?? 0 };
    });
    return { target, operation, intervalSeconds: intervalMs / 1000, points };
  });
}

function pointsOf(
  cells: readonly Cell[],
  intervals: number,
  intervalMs: number,
): Omit<SeriesPoint, 'activeSessions'>[] {
  const byInterval = Map.groupBy(cells, ({ interval }) => interval);
  return Array.from({ length: intervals }, (_, interval) => {
    const group = byInterval.get(interval) ?? [];
    const useful = sorted(group.map((cell) => cell.useful));
    const failures = group.reduce((sum, { failed }) => sum + failed.length, 0);
    const requests = useful.length + failures;
    const ms = (q: number) => (useful.length === 0 ? null : quantile(useful, q) / 1000);
    return {
      atSeconds: (interval * intervalMs) / 1000,
      requests,
      requestsPerSecond: (requests * 1000) / intervalMs,
      failures,
      p50Ms: ms(0.5),
      p95Ms: ms(0.95),
      p99Ms: ms(0.99),
    };
  });
}
