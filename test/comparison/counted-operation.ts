import type { ComparedOperation } from '../../src/comparison/comparison.ts';
import type { Random } from '../../src/traffic/random.ts';

/** Useful requests, failed ones, and calls without a session of one batch. */
export type CountedBatch = readonly [useful: number, failures: number, blocked?: number];

/** An operation with these counts, a batch a second, and no latency at all. */
export function countedOperation(batches: readonly CountedBatch[], operation = 'tools/call:search'): ComparedOperation {
  const sum = (at: 0 | 1 | 2) => batches.reduce((total, batch) => total + (batch[at] ?? 0), 0);
  return {
    target: 'learn',
    operation,
    count: sum(0) + sum(1),
    useful: sum(0),
    failures: sum(1),
    ...blockedField(sum(2)),
    latencyMs: null,
    batches: batches.flatMap(([useful, failures, blocked = 0], at) =>
      useful + failures + blocked === 0
        ? []
        : [{ fromSeconds: at, toSeconds: at + 1, useful, failures, ...blockedField(blocked), histogram: '' }],
    ),
  };
}

function blockedField(blocked: number): Pick<ComparedOperation, 'blocked'> {
  return blocked === 0 ? {} : { blocked };
}

/** How the failures of a simulated operation come. */
export type OutageSimulation = {
  readonly requests?: number;
  readonly batches?: number;
  /** Of requests outside of outages. */
  readonly failureRate?: number;
  /** How many outages are expected in a run; 80 % of the requests fail in one. */
  readonly outages?: number;
  /** How long an outage takes, in batches. */
  readonly outageBatches?: number;
};

/** An operation with even requests and with outages that begin at random instants. */
export function operationWithOutages(random: Random, simulation: OutageSimulation): ComparedOperation {
  const { requests = 2000, batches = 20, failureRate = 0.001, outages = 0, outageBatches = 1 } = simulation;
  const starts: number[] = [];
  const next = () => (-Math.log(1 - random()) * (batches + outageBatches)) / outages;
  // One can have begun before the run.
  for (let at = -outageBatches + next(); at < batches; at += next()) starts.push(at);
  const counts = Array.from({ length: batches }, () => [0, 0] as [useful: number, failures: number]);
  for (let request = 0; request < requests; request++) {
    const at = (request / requests) * batches;
    const isOut = starts.some((start) => at >= start && at < start + outageBatches);
    const batch = counts[Math.floor(at)] as [number, number];
    if (random() < (isOut ? 0.8 : failureRate)) batch[1]++;
    else batch[0]++;
  }
  return countedOperation(counts);
}
