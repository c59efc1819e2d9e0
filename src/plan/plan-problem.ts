/** One thing that is wrong with a plan, and where. */
export type PlanProblem = {
  /** Dotted path, e.g. `scenarios.learn.steps[0].tool`; empty for the whole file. */
  readonly path: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** What was expected, and what was there; never what stands where a secret could. */
  readonly message: string;
};
