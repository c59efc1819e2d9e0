import type { Feed, Json } from '../plan/feed.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { Random } from '../traffic/random.ts';
import { type JsonForm, jsonIn } from './values.ts';

const NO_ROWS: readonly number[] = [];

/** The feeds that the steps of one scenario take values from, in the order of their first use. */
export class UsedFeeds {
  readonly #feeds: Plan['feeds'];
  readonly #used: { readonly name: string; readonly feed: Feed }[] = [];
  readonly #columns = new Map<string, readonly string[]>();

  constructor(feeds: Plan['feeds']) {
    this.#feeds = feeds;
  }

  /** True for a name of one of the plan's feeds. */
  has(name: string): boolean {
    return Object.hasOwn(this.#feeds, name);
  }

  /** Adds a feed to those used, unless it is one. @returns its index among them */
  use(name: string): number {
    const index = this.#used.findIndex((used) => used.name === name);
    return index === -1 ? this.#used.push({ name, feed: this.#feeds[name] as Feed }) - 1 : index;
  }

  /**
   * A column's values as JSON text, one for each row. Computed once, however many placeholders take them.
   * @param column undefined for the only one
   * @throws when there is no such column, or a text in it that is to be read as JSON is not JSON
   */
  column(name: string, column: string | undefined, parsed: boolean, form: JsonForm): readonly string[] {
    const key = JSON.stringify([name, column, parsed, form.name]);
    const known = this.#columns.get(key);
    if (known !== undefined) return known;
    const { columns, rows } = this.#feeds[name] as Feed;
    const at = column === undefined && columns.length === 1 ? 0 : columns.indexOf(column ?? '');
    if (at === -1) throw new Error(`feeds.${name}: expected one of its columns (${columns.join(', ')}), got ${column}`);
    const texts = rows.map((row, index) => {
      const value = row[at] as Json;
      const read = parsed ? jsonIn(value) : value;
      if (read === undefined) throw new Error(`feeds.${name}: row ${index + 1} of ${columns[at]} is not JSON`);
      return form(read);
    });
    this.#columns.set(key, texts);
    return texts;
  }

  /** An iteration's row of each used feed; undefined when one of them is exhausted. */
  rowsFor(taker: RowTaker): readonly number[] | undefined {
    if (this.#used.length === 0) return NO_ROWS;
    const rows: number[] = [];
    for (const { feed } of this.#used) {
      const row = feedRow(feed, taker);
      if (row === undefined) return undefined;
      rows.push(row);
    }
    return rows;
  }
}

/** The iteration that takes a row of each feed. */
export type RowTaker = {
  /** The iteration's number within its scenario. */
  readonly ordinal: number;
  /** The virtual user's number within its scenario, from 0. */
  readonly vuIndex: number;
  readonly random: Random;
};

/** The number of the row that an iteration gets of a feed; undefined when none is left. */
export function feedRow({ order, repeat, rows }: Feed, { ordinal, vuIndex, random }: RowTaker): number | undefined {
  if (order === 'random') return Math.floor(random() * rows.length);
  if (order === 'unique') return vuIndex < rows.length ? vuIndex : undefined;
  return repeat || ordinal < rows.length ? ordinal % rows.length : undefined;
}
