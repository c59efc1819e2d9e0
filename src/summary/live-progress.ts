import { encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { type Block, type OperationKey, SAMPLE_KIND } from '../sample/block.ts';
import { type Outcome, type OutcomeClass, outcomeClass } from '../sample/outcome.ts';
import { emptyHistogram, recordMicroseconds } from './batches.ts';
import type { FailureCounts } from './fold.ts';

/** Running totals of one operation within a slice. */
export type LiveOperation = {
  readonly target: string;
  readonly operation: string;
  readonly count: number;
  readonly failures: number;
  /** The failures by their codes. */
  readonly outcomes: FailureCounts;
  /**
   * HDR histogram of useful latencies in microseconds from the intended start, two significant digits, so that writing it
   * every few seconds costs little, compressed base64.
   */
  readonly histogram: string;
};

/** Running totals of the iterations of one scenario within a slice. */
export type LiveScenario = {
  readonly scenario: string;
  readonly iterations: number;
  /** Iterations that we ended ourselves. */
  readonly aborted: number;
  /** Iterations that could not begin. */
  readonly dropped: number;
  /** Of the iterations' durations, as that of an operation. */
  readonly histogram: string;
};

/** How far a slice is; written every few seconds, so it also shows that the slice is alive. */
export type LiveProgress = {
  readonly sliceId: string;
  readonly attemptId: string;
  /** Epoch milliseconds of the writing. */
  readonly atMs: number;
  readonly activeVus: number;
  /** Requests of the warm-up; they and its iterations are in none of the other totals. */
  readonly warmUpRequests: number;
  readonly operations: readonly LiveOperation[];
  readonly scenarios: readonly LiveScenario[];
};

type OperationTally = {
  readonly key: OperationKey;
  count: number;
  failures: number;
  readonly outcomes: { [Code in Outcome]?: number };
  readonly histogram: Histogram;
};
type ScenarioTally = { iterations: number; aborted: number; dropped: number; readonly histogram: Histogram };

/** A slice's running totals, fed from its blocks as they are flushed, not from the hot path. */
export class LiveTally {
  readonly #measuredFromMs: number;
  readonly #operations = new Map<string, OperationTally>();
  readonly #scenarios = new Map<string, ScenarioTally>();
  #warmUpRequests = 0;

  /** @param measuredFromMs epoch: what was to start before belongs to the warm-up */
  constructor(measuredFromMs = Number.NEGATIVE_INFINITY) {
    this.#measuredFromMs = measuredFromMs;
  }

  /** Counts every sample of a block. */
  add(block: Block): void {
    const { kind, operation, outcome, startUs, lagUs } = block.columns;
    const classes = block.outcomes.map(outcomeClass);
    for (let at = 0; at < block.count; at++) {
      const became = classes[outcome[at] as number] as OutcomeClass;
      const key = block.operations[operation[at] as number] as OperationKey;
      const intendedMs = block.originMs + ((startUs[at] as number) - (lagUs[at] as number)) / 1000;
      const isWarmUp = intendedMs < this.#measuredFromMs;
      switch (kind[at]) {
        case SAMPLE_KIND.request:
          if (became === 'aborted') break;
          if (isWarmUp) this.#warmUpRequests++;
          else this.#addRequest(this.#operationOf(key), block, at, became);
          break;
        case SAMPLE_KIND.iteration:
          if (!isWarmUp) addIteration(this.#scenarioOf(key.operation), block, at, became);
          break;
        case SAMPLE_KIND.droppedIteration:
          if (!isWarmUp) this.#scenarioOf(key.operation).dropped++;
      }
    }
  }

  /** The totals so far, with what the slice says of itself. */
  progress(about: Pick<LiveProgress, 'sliceId' | 'attemptId' | 'atMs' | 'activeVus'>): LiveProgress {
    const operations = [...this.#operations.values()].map(({ key, histogram, outcomes, ...counts }): LiveOperation => {
      return { ...key, ...counts, outcomes: { ...outcomes }, histogram: encodeIntoCompressedBase64(histogram) };
    });
    const scenarios = [...this.#scenarios].map(([scenario, { histogram, ...counts }]): LiveScenario => {
      return { scenario, ...counts, histogram: encodeIntoCompressedBase64(histogram) };
    });
    return { ...about, warmUpRequests: this.#warmUpRequests, operations, scenarios };
  }

  #addRequest(tally: OperationTally, block: Block, at: number, became: OutcomeClass): void {
    tally.count++;
    if (became !== 'failed') {
      recordMicroseconds(tally.histogram, latencyUs(block, at));
      return;
    }
    const code = block.outcomes[block.columns.outcome[at] as number] as Outcome;
    tally.failures++;
    tally.outcomes[code] = (tally.outcomes[code] ?? 0) + 1;
  }

  #operationOf(key: OperationKey): OperationTally {
    const name = `${key.target}\n${key.operation}`;
    let tally = this.#operations.get(name);
    if (tally === undefined) {
      tally = { key, count: 0, failures: 0, outcomes: {}, histogram: emptyHistogram() };
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

function addIteration(tally: ScenarioTally, block: Block, at: number, became: OutcomeClass): void {
  if (became === 'aborted') {
    tally.aborted++;
    return;
  }
  tally.iterations++;
  recordMicroseconds(tally.histogram, latencyUs(block, at));
}

/** From the intended start. */
function latencyUs({ columns }: Block, at: number): number {
  return (columns.lagUs[at] as number) + (columns.durationUs[at] as number);
}
