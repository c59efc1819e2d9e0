import { type BatchGrid, batchesOf } from './batches.ts';
import { distributionOf } from './distribution.ts';
import { type Cell, mapClocks, type OperationFold } from './fold.ts';
import { percentilesOf } from './percentiles.ts';
import { sorted, without } from './sorted.ts';
import type { CallKinds, OperationSummary } from './summary.ts';

/** The figures of each operation. @param measured cells without warm-up */
export function operationsOf(
  measured: readonly Cell[],
  folds: readonly OperationFold[],
  measuredSeconds: number,
  grid: BatchGrid,
): OperationSummary[] {
  const cells = Map.groupBy(measured, ({ target, operation }) => `${target}\n${operation}`);
  const kept = new Map(folds.map((entry) => [`${entry.target}\n${entry.operation}`, entry]));
  return [...cells].map(([name, group]) => {
    const [{ target, operation }] = group as [Cell];
    const useful = sorted(group.map((cell) => cell.useful));
    const failed = sorted(group.map((cell) => cell.failed));
    const count = useful.length + failed.length;
    const fold = kept.get(name) as OperationFold;
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
