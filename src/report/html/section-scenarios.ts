import { formatCount, formatMs, formatRate } from '../format.ts';
import type { Report } from '../report.ts';
import { type ScenarioRow, scenarioRows } from '../tables.ts';
import { html, type Markup } from './markup.ts';
import { name } from './name.ts';
import { scrollTable } from './scroll-table.ts';

/** The iterations of each scenario; null when the totals say all of it. */
export function scenariosSection(report: Report): Markup | null {
  const rows = scenarioRows(report);
  if (rows.length === 0) return null;
  return html`<section id="scenarios"><h2>Scenarios</h2>
${scrollTable(
  'Scenarios',
  html`<table class="scenarios"><caption>Iterations and how long they took in ms, from the intended start to the end; planned and late starts include the warm-up</caption>
<thead><tr><th scope="col">Scenario</th>${[
    'Planned',
    'Iterations',
    'Dropped',
    'Late',
    'Per second',
    'p50',
    'p95',
    'p99',
    'max',
  ].map((title) => html`<th scope="col" class="n">${title}</th>`)}</tr></thead>
<tbody>${rows.map(scenariosRow)}</tbody></table>`,
)}</section>`;
}

function scenariosRow({ scenario, planned, iterations, dropped, late, perSecond, iterationMs }: ScenarioRow): Markup {
  const odd = (count: number) => (count > 0 ? 'n odd' : 'n');
  return html`<tr><th scope="row">${name(scenario)}</th><td class="n">${planned === null ? '–' : formatCount(planned)}</td><td class="n">${formatCount(
    iterations,
  )}</td><td class="${odd(dropped)}">${formatCount(dropped)}</td><td class="${odd(late ?? 0)}">${late === null ? '–' : formatCount(late)}</td><td class="n">${formatRate(
    perSecond,
  )}</td>${[iterationMs?.p50, iterationMs?.p95, iterationMs?.p99, iterationMs?.max].map(
    (ms) => html`<td class="n">${formatMs(ms)}</td>`,
  )}</tr>`;
}
