import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import type { Cell, Column, Row, Table, Tone } from '../table.ts';

/** Paints a piece of text that is already as wide as it should be. */
export type Paint = (text: string) => string;

/** The colours of a terminal. Every meaning of a colour is also there as a word or a mark. */
export type Ink = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'yellow', Paint>>;

const same: Paint = (text) => text;

/** No colours: for files and pipes. */
export const plainInk: Ink = { bold: same, dim: same, red: same, green: same, yellow: same };

const GAP = '  ';
/** Rows under the name of their target begin this far from the left. */
const ROW_INDENT = '  ';
/** What stands below a row begins this far from the left. */
const BELOW_INDENT = '      ';
/** An example may take this many lines below its row. */
const EXAMPLE_LINES = 2;
/** A column that can be cut keeps this width while other columns can still be left out, and in the end this one. */
const COMFORTABLE = 32;
const NARROWEST = 8;

/** Breaks a text into lines of at most `columns`, at spaces where it can and inside a word where it must. */
export function wrap(text: string, columns: number): string[] {
  return wrapAnsi(text, columns, { hard: true }).split('\n');
}

type Placed = { readonly column: Column; readonly index: number };

/**
 * Lays out a table as lines: its titles, then its rows. When it is wider than `width`, columns are left out in the order
 * of their `drop`, then those that can be cut or wrapped become narrower.
 */
export function textTable(table: Table, width: number, paint: Ink): string[] {
  const placed = table.columns.map((column, index): Placed => ({ column, index }));
  const inLine = fitting(
    table,
    placed.filter(({ column }) => column.below === undefined),
    width,
  );
  const widths = shrunk(table, inLine, width);
  const seen = new Set<string>();
  const lines = table.groups.flatMap(({ title, rows }) => [
    ...(title === null ? [] : [paint.bold(cliTruncate(title, width, { position: 'middle' }))]),
    ...rows.flatMap((row) => [
      ...rowLines(row, inLine, widths, title === null ? '' : ROW_INDENT, paint),
      ...placed
        .filter(({ column }) => column.below !== undefined)
        .flatMap(({ column, index }) => belowLines(column, row[index]?.text ?? '', width, seen, paint)),
    ]),
  ]);
  return table.untitled ? lines : [...titleLines(inLine, widths).map(paint.dim), ...lines];
}

/** The columns that stay when the table must be no wider than `width`. */
function fitting(table: Table, placed: readonly Placed[], width: number): readonly Placed[] {
  const least = naturalWidths(table, placed).map((natural, at) =>
    placed[at]?.column.fit === undefined ? natural : Math.min(natural, COMFORTABLE),
  );
  const [next] = placed.filter(({ column }) => column.drop !== undefined).toSorted(byDrop);
  if (next === undefined || totalWidth(least) <= width) return placed;
  return fitting(
    table,
    placed.filter((each) => each !== next),
    width,
  );
}

/** The highest number first, and of several with the same number the rightmost. */
function byDrop(a: Placed, b: Placed): number {
  return (b.column.drop as number) - (a.column.drop as number) || b.index - a.index;
}

/** The widths of columns, the widest of those that can become narrower reduced until the whole fits. */
function shrunk(table: Table, placed: readonly Placed[], width: number): readonly number[] {
  const widths = naturalWidths(table, placed);
  const elastic = placed.flatMap(({ column }, at) => (column.fit === undefined ? [] : [at]));
  for (let excess = totalWidth(widths) - width; excess > 0; excess--) {
    const [widest] = elastic.toSorted((a, b) => (widths[b] as number) - (widths[a] as number));
    if (widest === undefined || (widths[widest] as number) <= NARROWEST) break;
    widths[widest] = (widths[widest] as number) - 1;
  }
  return widths;
}

function totalWidth(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length);
}

/** Each column as wide as its widest cell, and the first of a group wide enough for the group's heading. */
function naturalWidths({ groups, untitled }: Table, placed: readonly Placed[]): number[] {
  const indent = groups.some(({ title }) => title !== null) ? ROW_INDENT.length : 0;
  const widths = placed.map(({ column, index }, at) =>
    Math.max(
      untitled ? 0 : stringWidth(column.title),
      ...groups.flatMap(({ rows }) => rows.map((row) => stringWidth(markedText(row[index])) + (at === 0 ? indent : 0))),
    ),
  );
  for (const { title, from, count } of spansOf(placed)) {
    const missing = stringWidth(title) - totalWidth(widths.slice(from, from + count));
    if (title !== '' && missing > 0) widths[from] = (widths[from] as number) + missing;
  }
  return widths;
}

type Span = { readonly title: string; readonly from: number; readonly count: number };

/** Neighbouring columns with one heading above them; a column without a heading is alone. */
function spansOf(placed: readonly Placed[]): Span[] {
  const groups = placed.map(({ column }) => column.group);
  const starts = placed.flatMap((_, at) => (groups[at] === undefined || groups[at] !== groups[at - 1] ? [at] : []));
  return starts.map((from, at) => ({
    title: groups[from] ?? '',
    from,
    count: (starts[at + 1] ?? placed.length) - from,
  }));
}

function titleLines(placed: readonly Placed[], widths: readonly number[]): string[] {
  const titles = placed.map(({ column }, at) => aligned(column.title, column, widths[at] as number));
  if (placed.every(({ column }) => column.group === undefined)) return [joined(titles)];
  const headings = spansOf(placed).map(({ title, from, count }) => {
    const span = totalWidth(widths.slice(from, from + count));
    return title === '' ? ' '.repeat(span) : centred(title, span);
  });
  return [joined(headings), joined(titles)];
}

/** A heading in the middle of a line over its columns. */
function centred(title: string, width: number): string {
  const spare = width - stringWidth(title) - 2;
  if (spare < 2) return ' '.repeat(Math.max(0, width - stringWidth(title))) + title;
  return `${'─'.repeat(Math.floor(spare / 2))} ${title} ${'─'.repeat(Math.ceil(spare / 2))}`;
}

/** One row; its wrapped cells can take several lines. Names are cut in the middle, because tools differ at both ends. */
function rowLines(
  row: Row,
  placed: readonly Placed[],
  widths: readonly number[],
  indent: string,
  paint: Ink,
): string[] {
  const cells = placed.map(({ column, index }, at) => {
    const room = (widths[at] as number) - (at === 0 ? indent.length : 0);
    const text = markedText(row[index]);
    return column.fit === 'wrap' ? wrap(text, room) : [cliTruncate(text, room, { position: 'middle' })];
  });
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) =>
    joined(
      placed.map(({ column, index }, at) => {
        const start = at === 0 ? indent : '';
        const tint = tintOf(row[index]?.tone, paint);
        return start + aligned(cells[at]?.[line] ?? '', column, (widths[at] as number) - start.length, tint);
      }),
    ),
  );
}

function markedText({ mark, text }: Cell = { text: '' }): string {
  return mark === undefined ? text : `${mark} ${text}`;
}

function aligned(text: string, { align }: Column, width: number, tint: Paint = same): string {
  const padding = ' '.repeat(Math.max(0, width - stringWidth(text)));
  const painted = text === '' ? '' : tint(text);
  return align === 'right' ? padding + painted : painted + padding;
}

function joined(cells: readonly string[]): string {
  return cells.join(GAP).trimEnd();
}

function tintOf(tone: Tone | undefined, paint: Ink): Paint | undefined {
  if (tone === undefined) return undefined;
  return { good: paint.green, bad: paint.red, warn: paint.yellow, quiet: paint.dim }[tone];
}

/** What a column says below its row. A quote is cut, because a target can make it as long as it likes. */
function belowLines({ below, kind }: Column, text: string, width: number, seen: Set<string>, paint: Ink): string[] {
  if (text === '' || (below === 'once' && seen.has(text))) return [];
  seen.add(text);
  const room = width - BELOW_INDENT.length;
  if (kind !== 'quote') return wrap(text, room).map((line) => BELOW_INDENT + paint.dim(line));
  const cut = cliTruncate(text, room * EXAMPLE_LINES - 12, { preferTruncationOnSpace: true });
  return wrap(`“${cut}”`, room).map((line) => BELOW_INDENT + line);
}
