import type { Cell, Column, Row, Table, Tone } from '../table.ts';
import { html, type Markup, name, scrollTable } from './markup.ts';

/** A column of drawings, which only HTML has. */
export type DrawnColumn = {
  /** The title of the column to its right. */
  readonly before: string;
  readonly heading: Markup;
  /** The cells by row, all groups together. */
  readonly cells: readonly (Markup | null)[];
};

type Placed = { readonly column: Column; readonly index: number };

/** A column with those stacked below it. */
type Stack = Placed & { readonly below: readonly Placed[] };

/** A table that scrolls sideways on its own where the page is narrower. */
export function htmlTable(table: Table, drawn?: DrawnColumn): Markup {
  return scrollTable(table.caption, bareTable(table, drawn));
}

/** A table as it stands. */
export function bareTable(table: Table, drawn?: DrawnColumn): Markup {
  const stacks = stacksOf(table.columns);
  const drawnAt = drawn === undefined ? -1 : stacks.findIndex(({ column }) => column.title === drawn.before);
  const width = stacks.length + (drawn === undefined ? 0 : 1);
  const drawings = drawn?.cells.values();
  const groups = table.groups.map(({ title, rows }) => {
    const heading =
      title === null ? null : html`<tr class="group"><th scope="rowgroup" colspan="${width}">${title}</th></tr>`;
    return html`<tbody>${heading}${rows.map((row) => tableRow(row, stacks, drawnAt, drawings?.next().value ?? null))}</tbody>`;
  });
  return html`<table class="${table.id}${table.detail === null ? '' : ' dense'}"><caption>${table.caption}</caption>
${tableHead(table, stacks, drawnAt, drawn?.heading ?? null)}
${groups}</table>`;
}

function stacksOf(columns: readonly Column[]): readonly Stack[] {
  const placed = columns.map((column, index): Placed => ({ column, index }));
  const tops = placed.filter(({ column }) => !column.stacked);
  return tops.map((top, at) => ({ ...top, below: placed.slice(top.index + 1, tops[at + 1]?.index) }));
}

/** One line of titles, or two where neighbouring columns have a heading above them. */
function tableHead({ untitled }: Table, stacks: readonly Stack[], drawnAt: number, drawing: Markup | null): Markup {
  const grouped = stacks.some(({ column }) => column.group !== undefined);
  const title = (stack: Stack, at: number) =>
    html`<th scope="col"${classes(stack.column, startsGroup(stacks, at))}${grouped && stack.column.group === undefined ? html` rowspan="2"` : null}>${titleOf(stack)}</th>`;
  const drawnTitle = (at: number) => (at === drawnAt ? html`<th scope="col" class="drawn">${drawing}</th>` : null);
  const opening = untitled ? html`<thead class="unseen">` : html`<thead>`;
  if (!grouped)
    return html`${opening}<tr>${stacks.map((stack, at) => [drawnTitle(at), title(stack, at)])}</tr></thead>`;
  const upper = stacks.map((stack, at) => {
    const { group } = stack.column;
    if (group === undefined) return title(stack, at);
    if (!startsGroup(stacks, at)) return null;
    const count = stacks.filter(({ column }) => column.group === group).length;
    return html`<th scope="colgroup" colspan="${count}" class="pair">${group}</th>`;
  });
  const lower = stacks.map((stack, at) => (stack.column.group === undefined ? null : title(stack, at)));
  return html`${opening}<tr>${upper}</tr>
<tr>${lower}</tr></thead>`;
}

function startsGroup(stacks: readonly Stack[], at: number): boolean {
  const group = stacks[at]?.column.group;
  return group !== undefined && group !== stacks[at - 1]?.column.group;
}

/** What is stacked below a column and has a title shares the heading, unless it explains the cell above it. */
function titleOf({ column, below }: Stack): string {
  const titles = below.map((each) => each.column).filter((each) => each.title !== '' && each.below === undefined);
  return [column.title, ...titles.map((each) => each.title.toLowerCase())].join(', ');
}

function tableRow(row: Row, stacks: readonly Stack[], drawnAt: number, drawing: Markup | null): Markup {
  const cells = stacks.map(({ column, index, below }, at) => {
    const cell = row[index] ?? { text: '' };
    const content = html`${cellContent(cell, column)}${below.map((each) => belowContent(each, row))}`;
    const tone = cell.mark === undefined ? cell.tone : undefined;
    const attributes = classes(column, startsGroup(stacks, at), tone);
    const made = column.names
      ? html`<th scope="row"${attributes}>${content}</th>`
      : html`<td${attributes}>${content}</td>`;
    return at === drawnAt ? [html`<td class="drawn">${drawing}</td>`, made] : made;
  });
  return html`<tr>${cells}</tr>`;
}

function cellContent({ text, mark, tone }: Cell, { kind }: Column): Markup | string {
  if (mark !== undefined)
    return html`<span${classList([tone ?? ''])}><span aria-hidden="true">${mark}</span> ${text}</span>`;
  if (text === '') return text;
  if (kind === 'name') return name(text);
  if (kind === 'code' || kind === 'metric') return html`<code>${kind === 'metric' ? name(text) : text}</code>`;
  return kind === 'quote' ? html`<q>${text}</q>` : text;
}

function belowContent({ column, index }: Placed, row: Row): Markup | null {
  const cell = row[index];
  return cell === undefined || cell.text === '' ? null : html`<p>${cellContent(cell, column)}</p>`;
}

function classes({ align, strong }: Column, first: boolean, tone?: Tone): Markup | null {
  return classList([align === 'right' ? 'n' : '', first ? 'first' : '', strong ? 'strong' : '', tone ?? '']);
}

function classList(names: readonly string[]): Markup | null {
  const present = names.filter((each) => each !== '');
  return present.length === 0 ? null : html` class="${present.join(' ')}"`;
}
