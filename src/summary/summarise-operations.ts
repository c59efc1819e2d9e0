import { isOfKind, type OperationKind, operationId } from '../sample/block.ts';
import { type BatchGrid, batchesOf } from './batches.ts';
import { type Cell, mapClocks, type OperationFold, sentOf, waitsOf } from './fold.ts';
import { boundedPercentilesOf, percentilesOf, sorted, without } from './percentiles.ts';
import type {
  CallKinds,
  DistributionBin,
  OperationSummary,
  RequestTotals,
  Series,
  SeriesPoint,
  SessionSummary,
} from './summary.ts';

/** The figures of each operation. @param measured cells without warm-up */
export function operationsOf(
  measured: readonly Cell[],
  folds: readonly OperationFold[],
  measuredSeconds: number,
  grid: BatchGrid,
): OperationSummary[] {
  const cells = Map.groupBy(measured, operationId);
  const kept = new Map(folds.map((entry) => [operationId(entry), entry]));
  return stepsFirst([...cells.entries()]).map(([id, group]) => {
    const [{ target, operation, kind = 'step' }] = group as [Cell];
    const useful = sorted(group.map((cell) => cell.useful));
    const failed = sorted(group.map((cell) => cell.failed));
    const waits = waitsOf(group);
    const { blocked, ...counts } = countsOf(group);
    const fold = kept.get(id) as OperationFold;
    return {
      target,
      operation,
      kind,
      ...counts,
      ...blockedField(blocked),
      longestWaitMs: waits.length === 0 ? null : (waits[waits.length - 1] as number) / 1000,
      requestsPerSecond: counts.count / measuredSeconds,
      latencyMs: boundedPercentilesOf(useful, waits),
      calls: callsOf(useful, fold),
      failedLatencyMs: percentilesOf(failed),
      clocksMs: mapClocks((clock) => percentilesOf(fold[clock])),
      newConnections: fold.connect.length,
      heldStreams: fold.held,
      resumedAnswers: fold.resumed,
      retries: fold.retries,
      resent: fold.resent ?? 0,
      queued: fold.queued ?? 0,
      distribution: distributionOf(useful),
      batches: batchesOf(group, grid),
    };
  });
}

/** Groups of cells by operation with the plan's steps before the protocol's requests, otherwise in the same order. */
function stepsFirst<Entry extends readonly [id: string, group: readonly Cell[]]>(entries: readonly Entry[]): Entry[] {
  const isProtocol = ([, [first]]: Entry) => Number(first?.kind === 'protocol');
  return entries.toSorted((a, b) => isProtocol(a) - isProtocol(b));
}

type Counts = Pick<OperationSummary, 'count' | 'useful' | 'failures' | 'censored' | 'withoutAnswer'> & {
  readonly blocked: number;
};

function blockedField(blocked: number): Pick<OperationSummary, 'blocked'> {
  return blocked === 0 ? {} : { blocked };
}

function countsOf(cells: readonly Cell[]): Counts {
  const counts = { count: 0, useful: 0, failures: 0, censored: 0, withoutAnswer: 0, blocked: 0 };
  for (const cell of cells) {
    counts.count += sentOf(cell);
    counts.useful += cell.useful.length;
    counts.failures += cell.failed.length;
    counts.censored += cell.censored.length;
    counts.withoutAnswer += cell.censored.length + cell.silent.length;
    counts.blocked += cell.blocked?.count ?? 0;
  }
  return counts;
}

/** The counts of all requests of one kind. @param measured cells without warm-up */
export function requestTotalsOf(
  measured: readonly Cell[],
  kind: OperationKind | 'all',
  measuredSeconds: number,
): RequestTotals {
  const counts = countsOf(measured.filter((cell) => isOfKind(cell, kind)));
  const { count: requests, useful, failures, censored } = counts;
  // Together with the protocol's requests, the request at which the opening failed stands for the call.
  const blocked = kind === 'all' ? 0 : counts.blocked;
  const failed = failures + blocked;
  const failureRate = failed === 0 ? 0 : failed / (useful + failed);
  return {
    requests,
    useful,
    failures,
    censored,
    ...blockedField(blocked),
    failureRate,
    requestsPerSecond: requests / measuredSeconds,
  };
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

/**
 * The series of the whole headline (`*`), then of each operation, steps first. All cover the same intervals, warm-up
 * included.
 * @param intervals their number
 */
export function seriesOf(
  cells: readonly Cell[],
  headline: OperationKind | 'all',
  sessions: readonly SessionSummary[],
  intervals: number,
  intervalMs: number,
): Series[] {
  if (cells.length === 0) return [];
  const operations = stepsFirst([...Map.groupBy(cells, operationId)]).map(([, group]) => group);
  const all = cells.filter((cell) => isOfKind(cell, headline));
  return [all, ...operations].map((group, index) => {
    const of = index === 0 ? { target: '*', operation: '*', kind: headline } : (group[0] as Cell);
    const { target, operation, kind = 'step' } = of;
    const open = sessions.find((each) => each.target === target);
    const points = pointsOf(group, intervals, intervalMs).map((point, at) => {
      return { ...point, activeSessions: open?.points[at]?.most ?? 0 };
    });
    return { target, operation, kind, intervalSeconds: intervalMs / 1000, points };
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
    const figures = boundedPercentilesOf(useful, waitsOf(group));
    const atLeast = (figures?.atLeast ?? []).filter((name) => name === 'p50' || name === 'p95' || name === 'p99');
    const { count: requests, failures, withoutAnswer, blocked } = countsOf(group);
    return {
      atSeconds: (interval * intervalMs) / 1000,
      requests,
      requestsPerSecond: (requests * 1000) / intervalMs,
      failures,
      ...(withoutAnswer === 0 ? {} : { withoutAnswer }),
      ...blockedField(blocked),
      p50Ms: figures?.p50 ?? null,
      p95Ms: figures?.p95 ?? null,
      p99Ms: figures?.p99 ?? null,
      ...(atLeast.length === 0 ? {} : { atLeast }),
    };
  });
}
