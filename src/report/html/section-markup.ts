import type { Snippet } from '../answers.ts';
import { formatDuration, formatInstant } from '../format.ts';
import type { Report } from '../report.ts';
import type { Section, SectionId } from '../sections.ts';
import type { Table } from '../table.ts';
import { peopleOf, verdictWords } from '../wording.ts';
import { bareTable, type DrawnColumn, htmlTable } from './html-table.ts';
import { html, type Markup } from './markup.ts';

/** The head of the page: which plan, the verdict with its reasons, which run. */
export function verdictHeader(report: Report): Markup {
  const { plan, verdict, runId } = report;
  const { mark, title, sentence, reasons } = verdictWords(verdict);
  return html`<header>
<p class="kicker">mcp-surge report</p>
<h1>${plan.name}</h1>
${plan.description === '' ? null : html`<p class="lead">${plan.description}</p>`}
<section class="verdict" aria-labelledby="verdict"><h2 id="verdict"><span class="mark" aria-hidden="true">${mark}</span> ${title}</h2>
<p>${sentence}</p>
${reasons.length === 0 ? null : html`<ul>${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`}</section>
<dl class="facts">
<div><dt>Started</dt><dd>${formatInstant(report.startedAt)} UTC</dd></div>
<div><dt>Ended</dt><dd>${formatInstant(report.endedAt)} UTC</dd></div>
<div><dt>Duration</dt><dd>${formatDuration(report.durationSeconds)}</dd></div>
${peopleOf(report).map(({ what, who }) => html`<div><dt>${what}</dt><dd>${who}</dd></div>\n`)}<div><dt>Run</dt><dd><code>${runId}</code></dd></div>
<div><dt>Plan hash</dt><dd><code>${plan.hash}</code></dd></div>
</dl>
</header>`;
}

/** What only the page has of a section: a drawing beside the figures of its first table, and how to read it. */
export type Drawing = { readonly column: DrawnColumn; readonly footnote: Markup };

/** A section under its heading. */
export function sectionMarkup(id: SectionId, section: Section, drawing?: Drawing): Markup {
  const { title, about, findings, alarming, tables, remarks, snippets, footnotes } = section;
  const open = tables.filter(({ detail }) => detail === null);
  // The first finding says what is wrong; the others say more about it.
  const [alarm, ...rest] = alarming ? findings : ['', ...findings];
  const said = [about, ...rest].filter((each) => each !== '').join(' ');
  return html`<section id="${id}"><h2>${title}</h2>
${alarm === '' || alarm === undefined ? null : html`<p class="bad">${alarm}</p>`}${said === '' ? null : html`<p>${said}</p>`}
${openTables(id, open, drawing?.column)}${remarks.length === 0 ? null : list(remarks, html` class="remarks"`)}${snippets.map(snippetMarkup)}
${footnoteMarkup(id, footnotes, drawing?.footnote ?? null)}${tables.map(folded)}</section>`;
}

function openTables(id: SectionId, tables: readonly Table[], drawn: DrawnColumn | undefined): Markup | null {
  if (id === 'totals') return html`<dl class="tiles">${tables.map(tiles)}</dl>`;
  // On a phone, each row becomes a card, which never scrolls sideways.
  if (id === 'failures' || id === 'warnings') return html`${tables.map((table) => bareTable(table))}`;
  // One above the other: their columns are too many for half a page.
  if (id === 'comparison') return html`${tables.map((table) => htmlTable(table))}`;
  const shown = tables.map((table) => htmlTable(table, drawn));
  return shown.length > 1 ? html`<div class="halves">${shown}</div>` : html`${shown}`;
}

/** Counts as large figures, each with its detail. */
function tiles({ groups }: Table): readonly Markup[] {
  return groups.flatMap(({ rows }) =>
    rows.map(([name, value, detail]) => {
      const more = detail?.text ? html`<dd class="detail">${detail.text}</dd>` : null;
      return html`<div class="tile ${value?.tone ?? ''}"><dt>${name?.text ?? ''}</dt><dd>${value?.text ?? ''}</dd>${more}</div>`;
    }),
  );
}

function footnoteMarkup(id: SectionId, footnotes: readonly string[], drawn: Markup | null): Markup | null {
  if (id === 'notes') return list(footnotes);
  return footnotes.length === 0 && drawn === null ? null : html`<p class="hint">${drawn} ${footnotes.join(' ')}</p>`;
}

function snippetMarkup({ lead, lines }: Snippet): Markup {
  return html`<p class="snippet">${lead}</p>
<pre><code>${lines.join('\n')}</code></pre>`;
}

function list(items: readonly string[], attributes: Markup | null = null): Markup {
  return html`<ul${attributes}>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

/** A table that is folded away until it is asked for. */
export function folded(table: Table): Markup | null {
  if (table.detail === null) return null;
  return html`<details><summary>${table.detail}</summary>
${htmlTable(table)}</details>`;
}
