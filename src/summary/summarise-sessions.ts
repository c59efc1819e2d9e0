import type { Outcome } from '../sample/outcome.ts';
import type { SessionFold } from './fold.ts';
import { mergeSessions } from './merge-sessions.ts';
import { percentilesOf } from './percentiles.ts';
import { sessionActivity } from './session-activity.ts';
import type { SessionSummary } from './summary.ts';

/** The sessions of all targets together (`*`), then of each; none when no target has any. */
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
