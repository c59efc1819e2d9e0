import type { SessionSummary } from '../../summary/summary.ts';
import { formatCount, formatDuration } from '../format.ts';
import type { Report } from '../report.ts';
import { sessionsToShow } from '../sessions-to-show.ts';
import { html, type Markup } from './markup.ts';
import { name } from './name.ts';
import { scrollTable } from './scroll-table.ts';

/** How many sessions each target had and how they ended; null when no target has any. */
export function sessionsSection({ sessions }: Report): Markup | null {
  const shown = sessionsToShow(sessions);
  if (shown.length === 0) return null;
  return html`<section id="sessions"><h2>Sessions</h2>
${scrollTable(
  'Sessions with each target',
  html`<table class="sessions"><caption>Sessions of the whole run, warm-up included; what was not lost was closed, or ended with the run</caption>
<thead><tr><th scope="col">Target</th>${['Opened', 'Closed', 'Lost', 'Most open', 'Lifetime p50', 'p95', 'max'].map(
    (title) => html`<th scope="col" class="n">${title}</th>`,
  )}<th scope="col">Lost to</th></tr></thead>
<tbody>${shown.map(sessionsRow)}</tbody></table>`,
)}</section>`;
}

function sessionsRow({ target, opened, closed, lost, most, lifetimeMs, losses }: SessionSummary): Markup {
  const lifetimes = [lifetimeMs?.p50, lifetimeMs?.p95, lifetimeMs?.max];
  return html`<tr><th scope="row">${target === '*' ? 'All targets' : name(target)}</th><td class="n">${formatCount(opened)}</td><td class="n">${formatCount(
    closed,
  )}</td><td class="${lost > 0 ? 'n odd' : 'n'}">${formatCount(lost)}</td><td class="n">${formatCount(most)}</td>${lifetimes.map(
    (ms) => html`<td class="n">${ms === undefined ? '–' : formatDuration(ms / 1000)}</td>`,
  )}<td>${losses.map(({ outcome, count }, index) => html`${index === 0 ? '' : ', '}${formatCount(count)} <code>${outcome}</code>`)}</td></tr>`;
}
