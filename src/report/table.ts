import type { OperationKind } from '../sample/block.ts';

/** What a colour means. A mark or a word always says the same, for those who do not see the colour. */
export type Tone = 'good' | 'bad' | 'warn' | 'quiet';

export type Cell = {
  readonly text: string;
  /** A sign before the text that repeats what the text says, e.g. ✓ before "met". */
  readonly mark?: string;
  readonly tone?: Tone;
};

/** A column, and how HTML and text show it. */
export type Column = {
  readonly title: string;
  /** Figures stand right, so that their digits line up. */
  readonly align: 'left' | 'right';
  /** A heading above neighbouring columns of the same group. */
  readonly group?: string;
  /** Names its row: HTML makes it the row's heading. */
  readonly names?: true;
  /** HTML: a name can break after punctuation, code has its own typeface, a metric both. A quote has quotation marks. */
  readonly kind?: 'name' | 'code' | 'metric' | 'quote';
  /** HTML: the most important figures of the table. */
  readonly strong?: true;
  /** HTML: below the cell of the column before, which saves width. */
  readonly stacked?: true;
  /** Text: on lines of its own below the row; with `once` only where the cell's text appears first. */
  readonly below?: 'always' | 'once';
  /** Text: what gives way on a narrow terminal. Without it, the column keeps its width. */
  readonly fit?: 'cut' | 'wrap';
  /** Text: a narrow terminal leaves out the columns with the highest number first. Without it, the column always stays. */
  readonly drop?: number;
};

export type Row = readonly Cell[];

type RowGroup = {
  /** Null for rows without a heading of their own. */
  readonly title: string | null;
  readonly rows: readonly Row[];
};

/** A table of the report. Both renderings show every cell of it; they differ only by the rules above. */
export type Table = {
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly groups: readonly RowGroup[];
  /** The titles add nothing for a reader who sees the layout; only screen readers get them. */
  readonly untitled: boolean;
  /** A table for a closer look: HTML folds it away under this line; text shows it on lines of {@link DETAIL_WIDTH} or more. */
  readonly detail: string | null;
};

/** Columns of a terminal from which text shows the tables that HTML folds away. */
export const DETAIL_WIDTH = 140;

export type ColumnOf<Item> = Column & { readonly cellOf: (item: Item) => Cell | string };

/** A column of words, on the left. */
export function words<Item>(
  title: string,
  cellOf: ColumnOf<Item>['cellOf'],
  more: Partial<Column> = {},
): ColumnOf<Item> {
  return { title, align: 'left', cellOf, ...more };
}

/** A column of figures, on the right. */
export function figures<Item>(
  title: string,
  cellOf: ColumnOf<Item>['cellOf'],
  more: Partial<Column> = {},
): ColumnOf<Item> {
  return { title, align: 'right', cellOf, ...more };
}

/** A cell that gets a tone when a condition is met. */
export function toned(text: string, tone: Tone, condition: boolean): Cell {
  return condition ? { text, tone } : { text };
}

type TableParts<Item> = Pick<Table, 'id' | 'caption'> &
  Partial<Pick<Table, 'untitled' | 'detail'>> & {
    readonly columns: readonly ColumnOf<Item>[];
    readonly groups: readonly { readonly title: string | null; readonly items: readonly Item[] }[];
  };

/** Makes a table of a row for each item. A column without content is left out, and so is a group without items. */
export function makeTable<Item>({
  columns,
  groups,
  untitled = false,
  detail = null,
  ...rest
}: TableParts<Item>): Table {
  const all = groups
    .filter(({ items }) => items.length > 0)
    .map(({ title, items }) => ({
      title,
      rows: items.map((item) => columns.map(({ cellOf }) => cellFrom(cellOf(item)))),
    }));
  const rows = all.flatMap((group) => group.rows);
  const used = columns.map((_, index) => rows.some((row) => row[index]?.text !== ''));
  const kept = <T>(items: readonly T[]) => items.filter((_, index) => used[index]);
  return {
    ...rest,
    untitled,
    detail,
    columns: kept(columns).map(({ cellOf: _, ...column }) => column),
    groups: all.map(({ title, rows }) => ({ title, rows: rows.map(kept) })),
  };
}

function cellFrom(content: Cell | string): Cell {
  return typeof content === 'string' ? { text: content } : content;
}

/** A table whose rows are not grouped. */
export function makePlainTable<Item>({
  rows,
  ...rest
}: Omit<TableParts<Item>, 'groups'> & { readonly rows: readonly Item[] }): Table {
  return makeTable({ ...rest, groups: [{ title: null, items: rows }] });
}

/** Groups items by their target, in the order of the report. */
export function byTarget<Item extends { readonly target: string }>(
  items: readonly Item[],
): { readonly title: string; readonly items: readonly Item[] }[] {
  return [...Map.groupBy(items, ({ target }) => target)].map(([title, each]) => ({ title, items: each }));
}

/** Groups operations by their target: first the plan's steps, then what the protocol adds, in groups of its own. */
export function stepsThenProtocol<Item extends { readonly target: string; readonly kind: OperationKind }>(
  items: readonly Item[],
): { readonly title: string; readonly items: readonly Item[] }[] {
  const protocol = byTarget(items.filter(({ kind }) => kind === 'protocol'));
  return [
    ...byTarget(items.filter(({ kind }) => kind === 'step')),
    ...protocol.map((group) => ({ ...group, title: `Protocol: ${group.title}` })),
  ];
}
