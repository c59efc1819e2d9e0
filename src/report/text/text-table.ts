import { displayWidth } from './display-width.ts';
import type { Paint } from './ink.ts';
import { shortenMiddle } from './shorten.ts';

export type TextColumn = {
  readonly heading: string;
  readonly align: 'left' | 'right';
  /** May be cut in the middle when the table is too wide. */
  readonly shrinks?: boolean;
};

export type TextCell = string | { readonly text: string; readonly paint: Paint };

const GAP = '  ';
const NARROWEST = 8;

/**
 * Lays out a table as lines, the headings first. Columns are as wide as their widest cell; when the whole is wider than
 * `width`, the widest of the columns that may shrink give way.
 */
export function textTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly TextCell[])[],
  width: number,
): string[] {
  const widths = columnWidths(columns, rows, width);
  const line = (cells: readonly TextCell[]) =>
    columns
      .map((column, index) => layOut(cells[index] ?? '', column, widths[index] as number))
      .join(GAP)
      .trimEnd();
  return [line(columns.map((column) => column.heading)), ...rows.map(line)];
}

function columnWidths(
  columns: readonly TextColumn[],
  rows: readonly (readonly TextCell[])[],
  width: number,
): readonly number[] {
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.heading), ...rows.map((row) => displayWidth(textOf(row[index] ?? '')))),
  );
  const shrinking = columns.flatMap((column, index) => (column.shrinks ? [index] : []));
  let excess = widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length) - width;
  for (; excess > 0; excess--) {
    const widest = shrinking.reduce(
      (a, b) => ((widths[b] as number) > (widths[a] as number) ? b : a),
      shrinking[0] ?? 0,
    );
    if (shrinking.length === 0 || (widths[widest] as number) <= NARROWEST) break;
    widths[widest] = (widths[widest] as number) - 1;
  }
  return widths;
}

function layOut(cell: TextCell, column: TextColumn, width: number): string {
  const text = shortenMiddle(textOf(cell), width);
  const padding = ' '.repeat(width - displayWidth(text));
  const painted = typeof cell === 'string' ? text : cell.paint(text);
  return column.align === 'right' ? padding + painted : painted + padding;
}

function textOf(cell: TextCell): string {
  return typeof cell === 'string' ? cell : cell.text;
}
