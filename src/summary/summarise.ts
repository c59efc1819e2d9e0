import { outcomeClass } from '../sample/outcome.ts';
import { distributionOf } from './distribution.ts';
import type { ClockHistograms, Fold, OutcomeCount } from './fold.ts';
import { histogramPercentiles } from './histogram.ts';
import { sorted } from './merge-folds.ts';
import { percentilesOf } from './percentiles.ts';
import { generatorHealth } from './summarise-generator.ts';
import { seriesOf } from './summarise-series.ts';
import type { OperationSummary, OutcomeGroup, Summary } from './summary.ts';

export type RunSpan = {
  readonly runStartMs: number;
  readonly plannedDurationMs: number;
  readonly plannedSlices: number;
  readonly plannedVus: number;
};

/** Computes every figure of a run from the merge of all its folds. */
export function summarise(fold: Fold, span: RunSpan): Summary {
  // A run that was stopped is divided by the time it had, one that lingered by the time it took.
  const durationSeconds =
    Math.max(0.001, fold.lastEndMs === 0 ? span.plannedDurationMs : fold.lastEndMs - span.runStartMs) / 1000;
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
    series: seriesOf(fold.cells, fold.intervalMs),
    iterationMs: percentilesOf(fold.iterations),
    generator: generatorHealth(fold, span, requests),
  };
}

function operationsOf(fold: Fold, durationSeconds: number): OperationSummary[] {
  const cells = Map.groupBy(fold.cells, ({ target, operation }) => `${target}\n${operation}`);
  const clocks = new Map(fold.clocks.map((entry) => [`${entry.target}\n${entry.operation}`, entry]));
  return [...cells].map(([name, group]) => {
    const [target, operation] = name.split('\n') as [string, string];
    const useful = sorted(group.map((cell) => cell.useful));
    const failed = sorted(group.map((cell) => cell.failed));
    const count = useful.length + failed.length;
    return {
      target,
      operation,
      count,
      useful: useful.length,
      failures: failed.length,
      requestsPerSecond: count / durationSeconds,
      latencyMs: percentilesOf(useful),
      failedLatencyMs: percentilesOf(failed),
      clocksMs: clocksOf(clocks.get(name) as ClockHistograms),
      distribution: distributionOf(useful),
    };
  });
}

function clocksOf({ lag, headers, firstEvent, close }: ClockHistograms): OperationSummary['clocksMs'] {
  return {
    lag: histogramPercentiles(lag),
    headers: histogramPercentiles(headers),
    firstEvent: histogramPercentiles(firstEvent),
    close: histogramPercentiles(close),
  };
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
