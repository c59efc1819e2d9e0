/** What the plan and the run's record say of the time and the load; summarise cannot know them from samples. */
export type RunSpan = {
  /** Planned start, epoch. */
  readonly runStartMs: number;
  readonly plannedDurationMs: number;
  readonly plannedSlices: number;
  readonly plannedVus: number;
  /** True when the run was stopped before its planned end. */
  readonly stopped: boolean;
};
