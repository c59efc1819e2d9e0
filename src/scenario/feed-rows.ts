import type { Feed } from '../plan/feed.ts';
import type { Random } from '../traffic/random.ts';

/** Whose row it is. */
export type RowTaker = {
  /** The iteration's place among all of the scenario. */
  readonly ordinal: number;
  /** The virtual user's place among those of the scenario, from 0. */
  readonly place: number;
  readonly random: Random;
};

/** The number of the row that an iteration gets of a feed; undefined when there is none left. */
export function feedRow({ order, repeat, rows }: Feed, { ordinal, place, random }: RowTaker): number | undefined {
  if (order === 'random') return Math.floor(random() * rows.length);
  if (order === 'unique') return place < rows.length ? place : undefined;
  return repeat || ordinal < rows.length ? ordinal % rows.length : undefined;
}
