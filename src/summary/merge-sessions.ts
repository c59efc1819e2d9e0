import type { SessionFold } from './fold.ts';
import { mergeCounts } from './merge-counts.ts';
import { sorted } from './sorted.ts';

/** Sessions of several folds as those of one; the target is that of the first. */
export function mergeSessions(folds: readonly SessionFold[]): SessionFold {
  const [{ target }] = folds as [SessionFold];
  return {
    target,
    opened: sorted(folds.map(({ opened }) => opened)),
    closed: sorted(folds.map(({ closed }) => closed)),
    lifetimes: sorted(folds.map(({ lifetimes }) => lifetimes)),
    losses: mergeCounts(folds.map(({ losses }) => losses)),
  };
}
