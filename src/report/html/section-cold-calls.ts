import { byTarget } from '../by-target.ts';
import { CALL_KINDS, type OperationCalls, operationsWithColdCalls } from '../cold-calls.ts';
import { formatCount, formatMs } from '../format.ts';
import type { Report } from '../report.ts';
import { html, type Markup } from './markup.ts';
import { name } from './name.ts';
import { scrollTable } from './scroll-table.ts';

/** What first calls and calls after a silence took beside all others; null when all calls are of one kind. */
export function coldCallsSection({ operations }: Report): Markup | null {
  const shown = operationsWithColdCalls(operations);
  if (shown.length === 0) return null;
  const groups = byTarget(shown).map(
    (group) =>
      html`<tbody><tr class="group"><th scope="rowgroup" colspan="10">${group.target}</th></tr>${group.operations.map(coldCallsRow)}</tbody>`,
  );
  return html`<section id="cold"><h2>Cold and warm calls</h2>
<p>The first call of a session, and one after its session was silent for long, may find a target that has to start or to
load something first. They are shown apart from the calls that did not.</p>
${scrollTable(
  'Cold and warm calls of each operation',
  html`<table class="clocks"><caption>Latency of useful calls in ms; every call is of one kind</caption>
<thead><tr><th scope="col" rowspan="2">Operation</th>${CALL_KINDS.map(
    ([, title]) => html`<th scope="colgroup" colspan="3" class="pair">${title}</th>`,
  )}</tr>
<tr>${CALL_KINDS.map(
    () =>
      html`<th scope="col" class="n first">calls</th><th scope="col" class="n">p50</th><th scope="col" class="n">p95</th>`,
  )}</tr></thead>
${groups}</table>`,
)}</section>`;
}

function coldCallsRow({ operation, calls }: OperationCalls): Markup {
  return html`<tr><th scope="row">${name(operation)}</th>${CALL_KINDS.map(([kind]) => {
    const { count, latencyMs } = calls[kind];
    return html`<td class="n first">${formatCount(count)}</td><td class="n">${formatMs(latencyMs?.p50)}</td><td class="n">${formatMs(latencyMs?.p95)}</td>`;
  })}</tr>`;
}
