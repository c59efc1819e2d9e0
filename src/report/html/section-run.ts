import type { Percentiles } from '../../summary/percentiles.ts';
import type { OperationSummary } from '../../summary/summary.ts';
import { byTarget } from '../by-target.ts';
import { formatCount, formatMs } from '../format.ts';
import type { Report } from '../report.ts';
import { connectionOperations, connectionSentences } from '../wording.ts';
import { html, type Markup } from './markup.ts';
import { name } from './name.ts';
import { scrollTable } from './scroll-table.ts';

const CLOCKS = ['Wait', 'Connect', 'TLS', 'Open after answer'] as const;
const COUNTS = ['Stream cut', 'Resumed', 'Second try'] as const;

/** How requests came to their connections, and what is odd about these; null when there is nothing to say. */
export function connectionsSection({ operations }: Report): Markup | null {
  const shown = connectionOperations(operations);
  if (shown.length === 0) return null;
  const sentences = connectionSentences(operations);
  const groups = byTarget(shown).map(
    (group) =>
      html`<tbody><tr class="group"><th scope="rowgroup" colspan="13">${group.target}</th></tr>${group.operations.map(row)}</tbody>`,
  );
  return html`<section id="connections"><h2>Connections</h2>
<p>A request waits until a connection is free, or until a new one is made for it; its latency contains this wait.
Only operations that opened connections, had to wait for one or lost one are listed.</p>
${sentences.length === 0 ? null : html`<ul class="remarks">${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`}
${scrollTable(
  'Connections of each operation',
  html`<table class="connections"><caption>Times in ms; new are the connections made for requests of the operation, connect contains the name look-up</caption>
<thead><tr><th scope="col" rowspan="2">Operation</th><th scope="col" class="n" rowspan="2">New</th>${CLOCKS.map(
    (clock) => html`<th scope="colgroup" colspan="2" class="pair">${clock}</th>`,
  )}<th scope="colgroup" colspan="3" class="pair">Requests</th></tr>
<tr>${CLOCKS.map(() => html`<th scope="col" class="n first">p50</th><th scope="col" class="n">p95</th>`)}${COUNTS.map(
    (count, index) => html`<th scope="col" class="${index === 0 ? 'n first' : 'n'}">${count}</th>`,
  )}</tr></thead>
${groups}</table>`,
)}</section>`;
}

function row({ operation, clocksMs, newConnections, heldStreams, resumedAnswers, retries }: OperationSummary): Markup {
  const { socket, connect, tls, hold } = clocksMs;
  return html`<tr><th scope="row">${name(operation)}</th><td class="n">${formatCount(newConnections)}</td>${[
    socket,
    connect,
    tls,
    hold,
  ].map(pair)}${[heldStreams, resumedAnswers, retries].map(
    (count, index) =>
      html`<td class="${index === 0 ? 'n first' : 'n'}${count > 0 ? ' odd' : ''}">${formatCount(count)}</td>`,
  )}</tr>`;
}

function pair(clock: Percentiles | null): Markup {
  return html`<td class="n first">${formatMs(clock?.p50)}</td><td class="n">${formatMs(clock?.p95)}</td>`;
}
