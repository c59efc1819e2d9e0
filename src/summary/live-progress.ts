import type { Histogram } from 'hdr-histogram-js';
import { type Block, isOfKind, type OperationKey, operationId, SAMPLE_KIND, wasSent } from '../sample/block.ts';
import { isTimeout, isUnfinished, type Outcome, type OutcomeClass, outcomeClass } from '../sample/outcome.ts';
import type { FailureCounts } from './fold.ts';
import { emptyHistogram, recordMicroseconds, writeHistogram } from './percentiles.ts';

/**
 * The running totals of one attempt at a slice, without warm-up. Written every few seconds, so they also show that the
 * attempt is alive. The fields that may be absent are absent in rows of earlier versions.
 */
export type LiveProgress = {
  readonly sliceId: string;
  readonly attemptId: string;
  /** How many attempts had held the slice before this one. */
  readonly earlierHolders?: number;
  /** When it was written, epoch milliseconds. */
  readonly atMs: number;
  /** True once its load is over: it sends nothing more. */
  readonly ended?: boolean;
  /** Requests that it has sent, those included that are not stored or have no answer yet. */
  readonly sent?: number;
  /** The most that it has sent in a second, on average from one sign of life to the next. */
  readonly peakPerSecond?: number;
  /** Names the process. */
  readonly instance?: string;
  readonly activeVus: number;
  /** Steps of the plan within the warm-up, which no other total includes. */
  readonly warmUpRequests: number;
  readonly operations: readonly LiveOperation[];
  readonly scenarios: readonly LiveScenario[];
};

/**
 * Of each slice, the row of the attempt that held it last. Only these show how many virtual users are active, and when the
 * slice was alive; counts are the sums over all attempts.
 */
export function latestAttempts(rows: readonly LiveProgress[]): LiveProgress[] {
  const latest = new Map<string, LiveProgress>();
  for (const row of rows) {
    const known = latest.get(row.sliceId);
    if (known === undefined || isLater(row, known)) latest.set(row.sliceId, row);
  }
  return [...latest.values()];
}

/** By their order as holders, because the clocks of two machines differ; rows of earlier versions only have the time. */
function isLater(one: LiveProgress, other: LiveProgress): boolean {
  const [order, otherOrder] = [one.earlierHolders, other.earlierHolders];
  if (order === undefined || otherOrder === undefined || order === otherOrder) return one.atMs > other.atMs;
  return order > otherOrder;
}

/** Running totals of one operation within a slice. */
type LiveOperation = OperationKey & {
  /** Requests that were sent and have ended: useful, failed and censored ones. */
  readonly count: number;
  readonly failures: number;
  /** The failures by outcome. */
  readonly outcomes: FailureCounts;
  /**
   * Useful latencies in microseconds from the intended start: HDR histogram, compressed base64. Two significant digits,
   * because it is written every few seconds and must stay small.
   */
  readonly histogram: string;
  /** The failures by silence; absent without any. */
  readonly silent?: LiveWaits;
  /** The requests that a stop ended before their answer; absent without any. */
  readonly censored?: LiveWaits;
  /** Calls that were not sent, and how long those had waited whose session failed by silence; absent without any. */
  readonly blocked?: LiveWaits;
};

/** Requests without an answer: how many, and how long they had waited, in the same form as the latencies. */
type LiveWaits = { readonly count: number; readonly histogram: string };

/** Running totals of the iterations of one scenario within a slice. */
type LiveScenario = {
  readonly scenario: string;
  readonly iterations: number;
  /** Iterations that the generator ended. */
  readonly aborted: number;
  /** Iterations that were not started. */
  readonly dropped: number;
  /** Durations of the iterations, in the same form as an operation's latencies. */
  readonly histogram: string;
};

type OperationTally = {
  readonly key: OperationKey;
  count: number;
  failures: number;
  readonly outcomes: { [Code in Outcome]?: number };
  readonly histogram: Histogram;
  silent?: Histogram;
  censored?: Histogram;
  blocked: number;
  blockedSilent?: Histogram;
};
type ScenarioTally = { iterations: number; aborted: number; dropped: number; readonly histogram: Histogram };

/** Counts a slice's running totals. It is fed with blocks as they are flushed, outside the hot path. */
export class LiveTally {
  readonly #measuredFromMs: number;
  readonly #operations = new Map<string, OperationTally>();
  readonly #scenarios = new Map<string, ScenarioTally>();
  #warmUpRequests = 0;

  /** @param measuredFromMs epoch: samples with an earlier intended start belong to the warm-up */
  constructor(measuredFromMs = Number.NEGATIVE_INFINITY) {
    this.#measuredFromMs = measuredFromMs;
  }

  /** Counts every sample of a block. */
  add(block: Block): void {
    const { kind, operation, outcome, startUs, lagUs } = block.columns;
    const classes = block.outcomes.map(outcomeClass);
    for (let at = 0; at < block.count; at++) {
      const sampleClass = classes[outcome[at] as number] as OutcomeClass;
      const key = block.operations[operation[at] as number] as OperationKey;
      const intendedMs = block.originMs + ((startUs[at] as number) - (lagUs[at] as number)) / 1000;
      const isWarmUp = intendedMs < this.#measuredFromMs;
      switch (kind[at]) {
        case SAMPLE_KIND.request:
          if (sampleClass === 'aborted' || (sampleClass === 'censored' && !wasSent(block, at))) break;
          if (isWarmUp) this.#warmUpRequests += isOfKind(key, 'step') ? 1 : 0;
          else this.#addRequest(this.#operationOf(key), block, at, sampleClass);
          break;
        case SAMPLE_KIND.blockedCall:
          if (!isWarmUp) addBlocked(this.#operationOf(key), block, at);
          break;
        case SAMPLE_KIND.iteration:
          if (!isWarmUp) addIteration(this.#scenarioOf(key.operation), block, at);
          break;
        case SAMPLE_KIND.droppedIteration:
          if (!isWarmUp) this.#scenarioOf(key.operation).dropped++;
      }
    }
  }

  /** The totals so far. @param about which slice, attempt and time they are of */
  progress(about: Omit<LiveProgress, 'warmUpRequests' | 'operations' | 'scenarios'>): LiveProgress {
    const operations = [...this.#operations.values()].map((tally): LiveOperation => {
      const { key, count, failures, outcomes, histogram, silent, censored, blocked, blockedSilent } = tally;
      return {
        ...key,
        count,
        failures,
        outcomes: { ...outcomes },
        histogram: writeHistogram(histogram),
        ...(silent === undefined ? {} : { silent: waitsOf(silent) }),
        ...(censored === undefined ? {} : { censored: waitsOf(censored) }),
        ...(blocked === 0 ? {} : { blocked: { ...waitsOf(blockedSilent ?? emptyHistogram()), count: blocked } }),
      };
    });
    const scenarios = [...this.#scenarios].map(([scenario, { histogram, ...counts }]): LiveScenario => {
      return { scenario, ...counts, histogram: writeHistogram(histogram) };
    });
    return { ...about, warmUpRequests: this.#warmUpRequests, operations, scenarios };
  }

  #addRequest(tally: OperationTally, block: Block, at: number, sampleClass: OutcomeClass): void {
    tally.count++;
    const latencyUs = wholeLatencyUs(block, at);
    if (sampleClass === 'censored') {
      tally.censored ??= emptyHistogram();
      recordMicroseconds(tally.censored, latencyUs);
      return;
    }
    if (sampleClass !== 'failed') {
      recordMicroseconds(tally.histogram, latencyUs);
      return;
    }
    const code = block.outcomes[block.columns.outcome[at] as number] as Outcome;
    if (isTimeout(code)) {
      tally.silent ??= emptyHistogram();
      recordMicroseconds(tally.silent, latencyUs);
    }
    tally.failures++;
    tally.outcomes[code] = (tally.outcomes[code] ?? 0) + 1;
  }

  #operationOf(key: OperationKey): OperationTally {
    const name = operationId(key);
    let tally = this.#operations.get(name);
    if (tally === undefined) {
      tally = { key, count: 0, failures: 0, outcomes: {}, histogram: emptyHistogram(), blocked: 0 };
      this.#operations.set(name, tally);
    }
    return tally;
  }

  #scenarioOf(name: string): ScenarioTally {
    let tally = this.#scenarios.get(name);
    if (tally === undefined) {
      tally = { iterations: 0, aborted: 0, dropped: 0, histogram: emptyHistogram() };
      this.#scenarios.set(name, tally);
    }
    return tally;
  }
}

function addBlocked(tally: OperationTally, block: Block, at: number): void {
  const code = block.outcomes[block.columns.outcome[at] as number] as Outcome;
  tally.blocked++;
  tally.outcomes[code] = (tally.outcomes[code] ?? 0) + 1;
  if (!isTimeout(code)) return;
  tally.blockedSilent ??= emptyHistogram();
  recordMicroseconds(tally.blockedSilent, wholeLatencyUs(block, at));
}

function addIteration(tally: ScenarioTally, block: Block, at: number): void {
  if (isUnfinished(block.outcomes[block.columns.outcome[at] as number] as Outcome)) {
    tally.aborted++;
    return;
  }
  tally.iterations++;
  recordMicroseconds(tally.histogram, wholeLatencyUs(block, at));
}

function waitsOf(histogram: Histogram): LiveWaits {
  return { count: histogram.totalCount, histogram: writeHistogram(histogram) };
}

/** From the intended start, microseconds; may exceed what a column of a block holds. */
function wholeLatencyUs({ columns }: Block, at: number): number {
  return (columns.lagUs[at] as number) + (columns.durationUs[at] as number);
}
