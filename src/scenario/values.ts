import type { Json } from '../plan/feed.ts';
import type { Random } from '../traffic/random.ts';

/** What the placeholders of one iteration are filled from. */
export type Values = {
  readonly random: Random;
  /** The virtual user's number in the run. */
  readonly vu: number;
  readonly iteration: number;
  /** The iteration's row of each feed that its scenario uses, by the feed's place among them. */
  readonly rows: readonly number[];
  /** What earlier replies of the iteration have given, by name. */
  readonly captured: Map<string, Json>;
};
