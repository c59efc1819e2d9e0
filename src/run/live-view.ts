import { emptyHistogram, readHistogram } from '../summary/histogram.ts';
import type { LiveProgress } from '../summary/live-progress.ts';

/** Running figures of some requests; latencies in ms within 1 %, null while there are none. */
export type LiveFigures = {
  readonly requests: number;
  readonly failures: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
};

/** A run as its slices last told of it; without its warm-up. */
export type LiveView = LiveFigures & {
  readonly activeVus: number;
  readonly iterations: number;
  /** Iterations that could not begin. */
  readonly droppedIterations: number;
  /** Requests of the warm-up, which are in no other figure. */
  readonly warmUpRequests: number;
  /** Requests so far, those of the warm-up too, over the time since the planned start. */
  readonly requestsPerSecond: number;
  readonly operations: readonly (LiveFigures & { readonly target: string; readonly operation: string })[];
};

/** Adds up the latest progress of all slices. */
export function liveView(progress: readonly LiveProgress[], elapsedSeconds: number): LiveView {
  const entries = progress.flatMap(({ operations }) => operations);
  const operations = [...Map.groupBy(entries, ({ target, operation }) => `${target}\n${operation}`)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, group]) => {
      const [target, operation] = name.split('\n') as [string, string];
      return { target, operation, ...figures(group) };
    });
  const all = figures(entries);
  const scenarios = progress.flatMap((slice) => slice.scenarios);
  const warmUpRequests = progress.reduce((sum, slice) => sum + slice.warmUpRequests, 0);
  return {
    activeVus: progress.reduce((sum, { activeVus }) => sum + activeVus, 0),
    iterations: scenarios.reduce((sum, { iterations }) => sum + iterations, 0),
    droppedIterations: scenarios.reduce((sum, { dropped }) => sum + dropped, 0),
    warmUpRequests,
    ...all,
    requestsPerSecond: elapsedSeconds <= 0 ? 0 : (all.requests + warmUpRequests) / elapsedSeconds,
    operations,
  };
}

function figures(entries: readonly LiveProgress['operations'][number][]): LiveFigures {
  const histogram = emptyHistogram();
  for (const entry of entries) histogram.add(readHistogram(entry.histogram));
  const ms = (percent: number) => (histogram.totalCount === 0 ? null : histogram.getValueAtPercentile(percent) / 1000);
  return {
    requests: entries.reduce((sum, { count }) => sum + count, 0),
    failures: entries.reduce((sum, { failures }) => sum + failures, 0),
    p50Ms: ms(50),
    p95Ms: ms(95),
    p99Ms: ms(99),
  };
}
