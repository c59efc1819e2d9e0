import type { FailureCounts } from '../summary/fold.ts';

/** How durations are spread; microseconds. */
export type Spread = {
  readonly count: number;
  /** The nearest-rank quantile. @param q between 0 and 1 */
  quantile(q: number): number;
  mean(): number;
};

/**
 * What a part of a run showed, so that the same conditions can be held against exact values at the end and against
 * histograms while the run is under way.
 */
export type Observations<Values> = {
  /** How long the part lasted. */
  readonly seconds: number;
  readonly operations: readonly {
    readonly target: string;
    readonly operation: string;
    readonly useful: number;
    readonly failed: number;
    readonly failures: FailureCounts;
    /** Latencies of useful requests. */
    readonly latencies: Values;
  }[];
  readonly scenarios: readonly {
    readonly scenario: string;
    readonly iterations: number;
    /** Iterations that we ended ourselves. */
    readonly aborted: number;
    readonly dropped: number;
    readonly durations: Values;
  }[];
  readonly spreadOf: (values: readonly Values[]) => Spread;
};
