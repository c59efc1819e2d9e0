import type { OutcomeGroup } from '../../summary/summary.ts';
import { formatCount, formatTimeOfDay } from '../format.ts';
import { outcomeMeaning } from '../outcome-meaning.ts';
import type { Report } from '../report.ts';
import { html, type Markup } from './markup.ts';
import { name } from './name.ts';

/** A target can make up as many error codes as it likes; the JSON report has them all. */
const MOST_GROUPS = 100;

/** What failed, where, how often, when, and what the target said; null when nothing failed. */
export function failuresSection({ failures, totals, startedAt }: Report): Markup | null {
  if (failures.length === 0) return null;
  const [count, all] = [formatCount(totals.failures), formatCount(totals.requests)];
  return html`<section id="failures"><h2>Failures</h2>
<p>${count} of ${all} requests failed.</p>
${outcomeTable('Failures, the most frequent first', failures, startedAt)}</section>`;
}

/** The same for answers that could be used although the server bent a rule; null when there was none. */
export function warningsSection({ warnings, startedAt }: Report): Markup | null {
  if (warnings.length === 0) return null;
  return html`<section id="warnings"><h2>Warnings</h2>
<p>These answers could be used and count as useful, yet the server bent a rule of the protocol.</p>
${outcomeTable('Warnings, the most frequent first', warnings, startedAt)}</section>`;
}

function outcomeTable(caption: string, groups: readonly OutcomeGroup[], startedAt: string): Markup {
  const rest = groups.slice(MOST_GROUPS);
  const requests = rest.reduce((sum, group) => sum + group.count, 0);
  return html`<table class="outcomes"><caption>${caption}; times in UTC</caption>
<thead><tr><th scope="col" class="n">Count</th><th scope="col">Outcome</th><th scope="col">Operation</th><th scope="col">First and last</th><th scope="col">Example, as the target put it</th></tr></thead>
<tbody>${groups.slice(0, MOST_GROUPS).map((group) => outcomeRow(group, startedAt))}</tbody></table>
${rest.length === 0 ? null : html`<p class="hint">${formatCount(rest.length)} rarer groups with ${formatCount(requests)} requests are only in the JSON report.</p>`}`;
}

function outcomeRow(group: OutcomeGroup, startedAt: string): Markup {
  const [first, last] = [formatTimeOfDay(group.firstAt, startedAt), formatTimeOfDay(group.lastAt, startedAt)];
  return html`<tr><td class="n count">${formatCount(group.count)}</td>
<th scope="row"><code>${group.outcome}</code><p>${outcomeMeaning(group.outcome)}</p></th>
<td class="where"><b>${name(group.target)}</b> <span>${name(group.operation)}</span></td>
<td class="when">${first === last ? first : [first, ' to ', last]}</td>
<td class="example">${group.example === '' ? html`<span class="none">none kept</span>` : html`<q>${group.example}</q>`}</td></tr>`;
}
