import type { FailureCounts } from './fold.ts';

/** What each code counts in all of them together. */
export function mergeCounts(all: readonly FailureCounts[]): FailureCounts {
  const total: Record<string, number> = {};
  for (const counts of all) {
    for (const [code, count = 0] of Object.entries(counts)) total[code] = (total[code] ?? 0) + count;
  }
  return total;
}
