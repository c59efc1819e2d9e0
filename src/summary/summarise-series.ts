import type { Cell } from './fold.ts';
import { sorted } from './merge-folds.ts';
import { quantile } from './percentiles.ts';
import type { Series, SeriesPoint } from './summary.ts';

const ALL = { target: '*', operation: '*' };

/** The series of all requests together (`*`), then of each operation; all cover the same intervals. */
export function seriesOf(cells: readonly Cell[], intervalMs: number): Series[] {
  if (cells.length === 0) return [];
  const intervals = 1 + cells.reduce((last, { interval }) => Math.max(last, interval), 0);
  const operations = [...Map.groupBy(cells, ({ target, operation }) => `${target}\n${operation}`).values()];
  return [cells, ...operations].map((group, index) => {
    const { target, operation } = index === 0 ? ALL : (group[0] as Cell);
    return { target, operation, intervalSeconds: intervalMs / 1000, points: pointsOf(group, intervals, intervalMs) };
  });
}

function pointsOf(cells: readonly Cell[], intervals: number, intervalMs: number): SeriesPoint[] {
  const byInterval = Map.groupBy(cells, ({ interval }) => interval);
  return Array.from({ length: intervals }, (_, interval) => {
    const group = byInterval.get(interval) ?? [];
    const useful = sorted(group.map((cell) => cell.useful));
    const failures = group.reduce((sum, { failed }) => sum + failed.length, 0);
    const ms = (q: number) => (useful.length === 0 ? null : quantile(useful, q) / 1000);
    const atSeconds = (interval * intervalMs) / 1000;
    return {
      atSeconds,
      requests: useful.length + failures,
      failures,
      p50Ms: ms(0.5),
      p95Ms: ms(0.95),
      p99Ms: ms(0.99),
    };
  });
}
