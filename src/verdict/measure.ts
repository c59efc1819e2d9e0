import type { Aggregate, Threshold } from '../plan/threshold.ts';
import { outcomeClass } from '../sample/outcome.ts';
import type { Fold } from '../summary/fold.ts';
import { sorted } from '../summary/merge-folds.ts';
import { quantile } from '../summary/percentiles.ts';

/**
 * The value that a threshold looks at, or null when no sample has its tags. Durations are milliseconds, rates of counts
 * are per second, other rates are shares between 0 and 1.
 */
export function measure(threshold: Threshold, fold: Fold, durationSeconds: number): number | null {
  const { metric, tags, aggregate } = threshold;
  const chosen = fold.cells.filter((cell) => {
    return (tags.target ?? cell.target) === cell.target && (tags.operation ?? cell.operation) === cell.operation;
  });
  const failed = chosen.reduce((sum, cell) => sum + cell.failed.length, 0);
  const requests = failed + chosen.reduce((sum, cell) => sum + cell.useful.length, 0);
  switch (metric) {
    case 'mcp_request_duration':
      return aggregated(sorted(chosen.map((cell) => cell.useful)), aggregate);
    case 'mcp_requests':
      return counted(requests, aggregate, durationSeconds);
    case 'mcp_failures': {
      if (requests === 0) return null;
      const failures = tags.outcome === undefined ? failed : withOutcome(threshold, fold);
      return aggregate.kind === 'rate' ? failures / requests : failures;
    }
    case 'useful_rate':
      return requests === 0 ? null : (requests - failed) / requests;
    case 'iteration_duration':
      return aggregated(fold.iterations, aggregate);
    case 'iterations':
      return counted(fold.iterations.length, aggregate, durationSeconds);
    case 'dropped_iterations':
      return fold.droppedIterations + fold.iterations.length === 0 ? null : fold.droppedIterations;
  }
}

function withOutcome({ tags }: Threshold, fold: Fold): number {
  return fold.outcomes
    .filter(({ target, operation, outcome }) => {
      const tagged = (tags.target ?? target) === target && (tags.operation ?? operation) === operation;
      return tagged && outcome === tags.outcome && outcomeClass(outcome) === 'failed';
    })
    .reduce((sum, { count }) => sum + count, 0);
}

function counted(count: number, aggregate: Aggregate, durationSeconds: number): number | null {
  if (count === 0) return null;
  return aggregate.kind === 'rate' ? count / durationSeconds : count;
}

function aggregated(sortedUs: Uint32Array, aggregate: Aggregate): number | null {
  if (sortedUs.length === 0) return null;
  switch (aggregate.kind) {
    case 'p':
      return quantile(sortedUs, aggregate.percent / 100) / 1000;
    case 'med':
      return quantile(sortedUs, 0.5) / 1000;
    case 'min':
      return quantile(sortedUs, 0) / 1000;
    case 'max':
      return quantile(sortedUs, 1) / 1000;
    case 'avg':
      return sortedUs.reduce((sum, value) => sum + value, 0) / sortedUs.length / 1000;
    default:
      throw new Error(`A duration has no aggregate "${aggregate.kind}"; parsing should have refused it.`);
  }
}
