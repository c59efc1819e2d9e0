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
