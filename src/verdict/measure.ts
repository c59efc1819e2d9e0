import type { Aggregate, Threshold } from '../plan/threshold.ts';
import type { Outcome } from '../sample/outcome.ts';
import type { Observations, Spread } from './observations.ts';

/**
 * The value that a threshold looks at, or null when no sample has its tags. Durations are milliseconds, rates of
 * `mcp_requests` and `iterations` are per second, other rates are shares between 0 and 1.
 */
export function measure<Values>(threshold: Threshold, seen: Observations<Values>): number | null {
  const { metric, tags, aggregate } = threshold;
  const operations = seen.operations.filter(({ target, operation }) => {
    return (tags.target ?? target) === target && (tags.operation ?? operation) === operation;
  });
  const scenarios = seen.scenarios.filter(({ scenario }) => (tags.scenario ?? scenario) === scenario);
  const failed = sum(operations, (each) => each.failed);
  const requests = failed + sum(operations, (each) => each.useful);
  const iterations = sum(scenarios, (each) => each.iterations);
  switch (metric) {
    case 'mcp_request_duration':
      return aggregated(seen.spreadOf(operations.map(({ latencies }) => latencies)), aggregate);
    case 'mcp_requests':
      return counted(requests, aggregate, seen.seconds);
    case 'mcp_failures': {
      if (requests === 0) return null;
      const { outcome } = tags;
      const failures =
        outcome === undefined ? failed : sum(operations, (each) => each.failures[outcome as Outcome] ?? 0);
      return aggregate.kind === 'rate' ? failures / requests : failures;
    }
    case 'useful_rate':
      return requests === 0 ? null : (requests - failed) / requests;
    case 'iteration_duration':
      return aggregated(seen.spreadOf(scenarios.map(({ durations }) => durations)), aggregate);
    case 'iterations':
      return counted(iterations, aggregate, seen.seconds);
    case 'dropped_iterations': {
      const dropped = sum(scenarios, (each) => each.dropped);
      const due = dropped + iterations + sum(scenarios, (each) => each.aborted);
      if (due === 0) return null;
      return aggregate.kind === 'rate' ? dropped / due : dropped;
    }
  }
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function counted(count: number, aggregate: Aggregate, seconds: number): number | null {
  if (count === 0) return null;
  return aggregate.kind === 'rate' ? count / seconds : count;
}

/** In milliseconds. */
function aggregated(spread: Spread, aggregate: Aggregate): number | null {
  if (spread.count === 0) return null;
  switch (aggregate.kind) {
    case 'p':
      return spread.quantile(aggregate.percent / 100) / 1000;
    case 'med':
      return spread.quantile(0.5) / 1000;
    case 'min':
      return spread.quantile(0) / 1000;
    case 'max':
      return spread.quantile(1) / 1000;
    case 'avg':
      return spread.mean() / 1000;
    default:
      throw new Error(`A duration has no aggregate "${aggregate.kind}"; parsing should have refused it.`);
  }
}
