import { type CeilingRow, ceilingFinding, ceilingRows, levelWords } from '../ceiling-words.ts';
import type { Report } from '../report.ts';
import { html, type Markup } from './markup.ts';
import { scrollTable } from './scroll-table.ts';

/** Which stages held; null when the plan has no conditions over stages. */
export function ceilingSection({ ceiling }: Report): Markup | null {
  if (ceiling === undefined) return null;
  const rows = ceilingRows(ceiling).map(
    ({ result, stage, level, time, broken }) => html`<tr><td>${RESULTS[result]}</td>
<th scope="row" class="n">${stage}</th><td class="n">${level}</td><td class="n">${time}</td><td class="expression">${broken === '' ? null : html`<code>${broken}</code>`}</td></tr>`,
  );
  return html`<section id="ceiling"><h2>Ceiling</h2>
<p>${ceilingFinding(ceiling)}</p>
${scrollTable(
  'Ceiling',
  html`<table><caption>Stages of scenario ${ceiling.scenario}, and the conditions that did not hold in them</caption>
<thead><tr><th scope="col">Result</th><th scope="col" class="n">Stage</th><th scope="col" class="n">${levelWords[ceiling.unit]}</th><th scope="col" class="n">Time</th><th scope="col">Broken</th></tr></thead>
<tbody>${rows}</tbody></table>`,
)}</section>`;
}

const RESULTS: Readonly<Record<CeilingRow['result'], Markup>> = {
  held: html`<span class="ok"><span aria-hidden="true">✓</span> held</span>`,
  broke: html`<span class="broken"><span aria-hidden="true">✗</span> broke</span>`,
  'not run': html`<span aria-hidden="true">–</span> not run`,
};
