/** Running totals of one operation within a slice. */
export type LiveOperation = {
  readonly target: string;
  readonly operation: string;
  readonly count: number;
  readonly failures: number;
  /** HDR histogram of useful latencies in microseconds, two significant digits, so that writing it every few seconds costs little, compressed base64. */
  readonly histogram: string;
};

/** How far a slice is; written every few seconds, so it also shows that the slice is alive. */
export type LiveProgress = {
  readonly sliceId: string;
  readonly attemptId: string;
  /** Epoch milliseconds of the writing. */
  readonly atMs: number;
  readonly activeVus: number;
  readonly iterations: number;
  readonly operations: readonly LiveOperation[];
};
