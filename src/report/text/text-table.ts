const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** East Asian wide characters and emoji take two columns of a terminal. */
const WIDE = /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60]/u;

/** The characters of a text as a reader sees them, each with the terminal columns that it takes. */
export function displayCharacters(text: string): readonly { readonly text: string; readonly columns: number }[] {
  return Array.from(graphemes.segment(text), ({ segment }) => ({ text: segment, columns: WIDE.test(segment) ? 2 : 1 }));
}

/** How many terminal columns a text takes. */
export function displayWidth(text: string): number {
  return displayCharacters(text).reduce((sum, character) => sum + character.columns, 0);
}

/** Paints a piece of text that is already as wide as it should be. */
export type Paint = (text: string) => string;

export type Ink = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'yellow', Paint>>;

/** ANSI colours, or none. Every meaning of a colour is also there as a word or a mark. */
export function ink(colour: boolean): Ink {
  const paint =
    (code: number): Paint =>
    (text) =>
      colour && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { bold: paint(1), dim: paint(2), red: paint(31), green: paint(32), yellow: paint(33) };
}

/** Breaks a text into lines of at most `columns`, at spaces where it can and inside a word where it must. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((part) => pieces(part, columns))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (displayWidth(longer) <= columns) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = word;
  }
  return [...lines, line];
}

function pieces(word: string, columns: number): string[] {
  const parts: string[] = [];
  let part = '';
  for (const character of displayCharacters(word)) {
    if (displayWidth(part) + character.columns > columns) {
      parts.push(part);
      part = '';
    }
    part += character.text;
  }
  return [...parts, part];
}

/**
 * Cuts a text to at most `columns` in its middle, because names of tools differ at both of their ends:
 * `tools/call:microsof…ple_search`.
 */
export function shortenMiddle(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  const characters = displayCharacters(text);
  const head = take(characters, Math.ceil((columns - 1) / 2));
  const tail = take(characters.toReversed(), Math.floor((columns - 1) / 2));
  return `${head.join('')}…${tail.reverse().join('')}`;
}

/** Cuts a text to at most `columns` at its end. */
export function shortenEnd(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  return `${take(displayCharacters(text), columns - 1)
    .join('')
    .trimEnd()}…`;
}

function take(characters: ReturnType<typeof displayCharacters>, columns: number): string[] {
  const taken: string[] = [];
  let used = 0;
  for (const character of characters) {
    used += character.columns;
    if (used > columns) break;
    taken.push(character.text);
  }
  return taken;
}

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
