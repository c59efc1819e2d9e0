import { outcomeClass } from '../sample/outcome.ts';
import { distributionOf } from './distribution.ts';
import { type Cell, type Fold, mapClocks, type OperationFold, type OutcomeCount } from './fold.ts';
import { sorted } from './merge-folds.ts';
import { percentilesOf } from './percentiles.ts';
import type { RunSpan } from './run-span.ts';
import { generatorHealth } from './summarise-generator.ts';
import { seriesOf } from './summarise-series.ts';
import type { OperationSummary, OutcomeGroup, Summary } from './summary.ts';

/** Computes every figure of a run from the merge of all its folds. */
export function summarise(fold: Fold, span: RunSpan): Summary {
  const durationSeconds = durationMs(fold, span) / 1000;
  const operations = operationsOf(fold, durationSeconds);
  const requests = operations.reduce((sum, { count }) => sum + count, 0);
  const failures = operations.reduce((sum, operation) => sum + operation.failures, 0);
  return {
    durationSeconds,
    totals: {
      requests,
      useful: requests - failures,
      failures,
      failureRate: requests === 0 ? 0 : failures / requests,
      requestsPerSecond: requests / durationSeconds,
      iterations: fold.iterations.length,
      droppedIterations: fold.droppedIterations,
    },
    operations,
    failures: groupsOf(fold.outcomes, 'failed'),
    warnings: groupsOf(fold.outcomes, 'warning'),
    pauses: fold.pauses.map(({ target, count, totalUs, maxUs }) => {
      return { target, count, totalMs: totalUs / 1000, maxMs: maxUs / 1000 };
    }),
    series: seriesOf(fold.cells, fold.intervalMs),
    iterationMs: percentilesOf(fold.iterations),
    generator: generatorHealth(fold, span, requests),
  };
}

/**
 * What rates are divided by. A run that lingered is divided by the time it took, one that was stopped by the time it had;
 * one whose virtual users fell silent before the end still lasted as long as planned.
 */
function durationMs({ lastEndMs }: Fold, { runStartMs, plannedDurationMs, stopped }: RunSpan): number {
  const activeMs = Math.max(1, lastEndMs - runStartMs);
  return stopped && lastEndMs > 0 ? activeMs : Math.max(plannedDurationMs, activeMs);
}

function operationsOf(fold: Fold, durationSeconds: number): OperationSummary[] {
  const cells = Map.groupBy(fold.cells, ({ target, operation }) => `${target}\n${operation}`);
  const kept = new Map(fold.operations.map((entry) => [`${entry.target}\n${entry.operation}`, entry]));
  return [...cells].map(([name, group]) => {
    const [{ target, operation }] = group as [Cell];
    const useful = sorted(group.map((cell) => cell.useful));
    const failed = sorted(group.map((cell) => cell.failed));
    const count = useful.length + failed.length;
    const { held, resumed, retries, ...clocks } = kept.get(name) as OperationFold;
    return {
      target,
      operation,
      count,
      useful: useful.length,
      failures: failed.length,
      requestsPerSecond: count / durationSeconds,
      latencyMs: percentilesOf(useful),
      failedLatencyMs: percentilesOf(failed),
      clocksMs: mapClocks((clock) => percentilesOf(clocks[clock])),
      newConnections: clocks.connect.length,
      heldStreams: held,
      resumedAnswers: resumed,
      retries,
      distribution: distributionOf(useful),
    };
  });
}

function groupsOf(outcomes: readonly OutcomeCount[], wanted: 'failed' | 'warning'): OutcomeGroup[] {
  return outcomes
    .filter(({ outcome }) => outcomeClass(outcome) === wanted)
    .toSorted((a, b) => b.count - a.count)
    .map(({ firstMs, lastMs, ...group }) => ({
      ...group,
      firstAt: new Date(firstMs).toISOString(),
      lastAt: new Date(lastMs).toISOString(),
    }));
}
