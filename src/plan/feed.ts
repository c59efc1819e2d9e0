/** A value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Rows that calls draw values from: `{{name.column}}`, or `{{name}}` when there is one column only. */
export type Feed = {
  /**
   * Which row an iteration gets. `sequential`: the next one, over all virtual users and lanes. `random`: any, by the
   * plan's seed. `unique`: the virtual user's own, the same in all its iterations and nobody else's.
   */
  readonly order: 'sequential' | 'random' | 'unique';
  /** Of a sequential feed: whether it begins anew after its last row; otherwise iterations after that end as PLAN_FEED_END. */
  readonly repeat: boolean;
  readonly columns: readonly string[];
  /** Each as long as `columns`; at least one. */
  readonly rows: readonly (readonly Json[])[];
};
