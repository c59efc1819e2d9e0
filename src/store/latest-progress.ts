import type { LiveProgress } from '../summary/live-progress.ts';

/** The latest row of each slice by its own clock, in order of slice id: attempts at one slice write a row each. */
export function latestProgress(rows: Iterable<LiveProgress>): LiveProgress[] {
  const latest = new Map<string, LiveProgress>();
  for (const row of rows) {
    const known = latest.get(row.sliceId);
    if (known === undefined || row.atMs > known.atMs) latest.set(row.sliceId, row);
  }
  return [...latest.values()].sort((a, b) => (a.sliceId < b.sliceId ? -1 : 1));
}
