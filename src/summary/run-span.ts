/** What the plan and the run's record say of the time and the load; summarise cannot know them from samples. */
export type RunSpan = {
  /** Planned start, epoch. */
  readonly runStartMs: number;
  readonly plannedDurationMs: number;
  readonly plannedSlices: number;
  readonly plannedVus: number;
  /** How long the warm-up was to be; 0 for none. */
  readonly warmUpMs: number;
  /** How many of the run's first parts are warm-up. */
  readonly warmUpParts: number;
  /** Of each scenario whose starts come at a rate, how many starts the plan has in each interval. */
  readonly plannedStarts: readonly { readonly scenario: string; readonly starts: readonly number[] }[];
  /** True when the run was stopped before its planned end. */
  readonly stopped: boolean;
};
