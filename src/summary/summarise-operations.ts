import { operationId } from '../sample/block.ts';
import { type BatchGrid, batchesOf } from './batches.ts';
import { type Cell, mapClocks, type OperationFold } from './fold.ts';
import { percentilesOf, quantile, sorted, without } from './percentiles.ts';
import type { CallKinds, DistributionBin, OperationSummary, Series, SeriesPoint, SessionSummary } from './summary.ts';

/** The figures of each operation. @param measured cells without warm-up */
export function operationsOf(
  measured: readonly Cell[],
  folds: readonly OperationFold[],
  measuredSeconds: number,
  grid: BatchGrid,
): OperationSummary[] {
  const cells = Map.groupBy(measured, operationId);
  const kept = new Map(folds.map((entry) => [operationId(entry), entry]));
  return [...cells].map(([id, group]) => {
    const [{ target, operation }] = group as [Cell];
    const useful = sorted(group.map((cell) => cell.useful));
    const failed = sorted(group.map((cell) => cell.failed));
    const count = useful.length + failed.length;
    const fold = kept.get(id) as OperationFold;
    return {
      target,
      operation,
      count,
      useful: useful.length,
      failures: failed.length,
      requestsPerSecond: count / measuredSeconds,
      latencyMs: percentilesOf(useful),
      calls: callsOf(useful, fold),
      failedLatencyMs: percentilesOf(failed),
      clocksMs: mapClocks((clock) => percentilesOf(fold[clock])),
      newConnections: fold.connect.length,
      heldStreams: fold.held,
      resumedAnswers: fold.resumed,
      retries: fold.retries,
      queued: fold.queued ?? 0,
      distribution: distributionOf(useful),
      batches: batchesOf(group, grid),
    };
  });
}

function callsOf(useful: Uint32Array, { firstOfSession, afterIdle }: OperationFold): CallKinds | null {
  if (firstOfSession.length + afterIdle.length === 0) return null;
  const latency = (values: Uint32Array) => ({ count: values.length, latencyMs: percentilesOf(values) });
  return {
    firstOfSession: latency(firstOfSession),
    afterIdle: latency(afterIdle),
    warm: latency(without(without(useful, firstOfSession), afterIdle)),
  };
}

const BINS = 30;

/** Counts ascending microseconds in at most 30 bins of equal width on a logarithmic scale, from the least to the greatest. */
export function distributionOf(sortedUs: Uint32Array): DistributionBin[] {
  if (sortedUs.length === 0) return [];
  const first = sortedUs[0] as number;
  // A logarithmic scale cannot start at 0.
  const least = Math.max(1, first);
  // Above the greatest value, so that it falls into the last bin.
  const beyond = Math.max(least, sortedUs[sortedUs.length - 1] as number) + 1;
  // The first bin is the narrowest. It must be a microsecond wide, because values are whole microseconds.
  const bins = Math.min(BINS, Math.max(1, Math.floor(Math.log(beyond / least) / Math.log1p(1 / least))));
  const edge = (bin: number) => {
    if (bin === 0) return first;
    return bin === bins ? beyond : least * (beyond / least) ** (bin / bins);
  };
  const result: DistributionBin[] = [];
  let at = 0;
  for (let bin = 0; bin < bins; bin++) {
    const from = at;
    while (at < sortedUs.length && (sortedUs[at] as number) < edge(bin + 1)) at++;
    result.push({ fromMs: edge(bin) / 1000, toMs: edge(bin + 1) / 1000, count: at - from });
  }
  return result;
}

const ALL = { target: '*', operation: '*' };

/**
 * The series of all requests together (`*`), then of each operation. All cover the same intervals, warm-up included.
 * @param intervals their number
 */
export function seriesOf(
  cells: readonly Cell[],
  sessions: readonly SessionSummary[],
  intervals: number,
  intervalMs: number,
): Series[] {
  if (cells.length === 0) return [];
  const operations = [...Map.groupBy(cells, operationId).values()];
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
