/** One start that an executor makes. */
export type Iteration = {
  /** The virtual user's own count in closed executors, the scenario's count of starts in all others; from 0. */
  readonly number: number;
  /**
   * The iteration's place among all of the scenario, the same whatever the number of lanes: what it draws, and its row of
   * sequential feeds, hang on it.
   */
  readonly ordinal: number;
  /** Epoch milliseconds at which it was to start; undefined where the virtual users set the pace. */
  readonly intendedMs: number | undefined;
};

/** What an executor drives. */
export type VirtualUser = {
  /**
   * Runs one iteration; failures of the target are data, so this rejects only for bugs of ours. Where a scenario only
   * holds sessions open it resolves once the session is open, and the executor asks for no second one.
   */
  iterate(iteration: Iteration): Promise<void>;
  /** Draws the milliseconds to pause after an iteration; for executors in which virtual users set the pace. */
  think(): number;
  /** Ends the iteration under way at once, if there is one; its requests become CLIENT_ABORT. */
  interrupt(): void;
  /** Ends what the virtual user holds open. Nothing is asked of it afterwards: one that comes back is made anew. */
  end(): Promise<void>;
};
