import type { Percentiles } from '../../summary/percentiles.ts';
import type { OperationSummary } from '../../summary/summary.ts';
import { byTarget } from '../by-target.ts';
import { formatMs } from '../format.ts';
import type { Report } from '../report.ts';
import { html, type Markup } from './markup.ts';
import { name } from './name.ts';
import { scrollTable } from './scroll-table.ts';

/** The example has to rest on a few requests, and the difference has to be worth a sentence. */
const FEWEST_REQUESTS = 10;
const LEAST_RATIO = 1.5;
const MOST_LAG = 0.05;

/** The four clocks of each operation, and what a tool that stops at the first byte would have made of it. */
export function clocksSection({ operations }: Report): Markup | null {
  if (operations.every((operation) => clocksOf(operation).every((clock) => clock === null))) return null;
  const groups = byTarget(operations).map(
    (group) =>
      html`<tbody><tr class="group"><th scope="rowgroup" colspan="10">${group.target}</th></tr>${group.operations.map(clocksRow)}</tbody>`,
  );
  return html`<section id="clocks"><h2>Four clocks</h2>
<p>Time to first byte is not latency: a server may send its headers, or a first event, long before the answer. Each request
is therefore timed to four instants, and what this report calls latency ends at the matching response. ${contrast(operations)}</p>
${scrollTable(
  'Clocks of each operation',
  html`<table class="clocks"><caption>Time in ms from dispatch, of the matching response from the intended start; start lag is what lies between the two</caption>
<thead><tr><th scope="col" rowspan="2">Operation</th><th scope="col" class="n" rowspan="2">Start lag p95</th>${[
    'Headers',
    'First event',
    'Matching response',
    'Stream close',
  ].map((clock) => html`<th scope="colgroup" colspan="2" class="pair">${clock}</th>`)}</tr>
<tr>${[0, 1, 2, 3].map(() => html`<th scope="col" class="n first">p50</th><th scope="col" class="n">p95</th>`)}</tr></thead>
${groups}</table>`,
)}</section>`;
}

function clocksOf({ clocksMs, latencyMs }: OperationSummary): readonly (Percentiles | null)[] {
  return [clocksMs.headers, clocksMs.firstEvent, latencyMs, clocksMs.close];
}

function clocksRow(operation: OperationSummary): Markup {
  return html`<tr><th scope="row">${name(operation.operation)}</th><td class="n">${formatMs(operation.clocksMs.lag?.p95)}</td>${clocksOf(
    operation,
  ).map(
    (clock, index) =>
      html`<td class="${index === 2 ? 'n first answer' : 'n first'}">${formatMs(clock?.p50)}</td><td class="${
        index === 2 ? 'n answer' : 'n'
      }">${formatMs(clock?.p95)}</td>`,
  )}</tr>`;
}

/** The operation whose headers came earliest in proportion to its answer, in a sentence. */
function contrast(operations: readonly OperationSummary[]): Markup | null {
  const widest = operations
    .flatMap(({ target, operation, useful, latencyMs, clocksMs }) => {
      if (latencyMs === null || clocksMs.headers === null || useful < FEWEST_REQUESTS) return [];
      // What it waited for its turn lies before its headers too, which count from the dispatch.
      if ((clocksMs.lag?.p50 ?? 0) > MOST_LAG * latencyMs.p50) return [];
      const [headersMs, answerMs] = [Math.max(clocksMs.headers.p50, 0.01), latencyMs.p50];
      return [{ target, operation, headersMs, answerMs, ratio: answerMs / headersMs }];
    })
    .reduce<Contrast | null>((best, each) => (each.ratio > (best?.ratio ?? LEAST_RATIO) ? each : best), null);
  if (widest === null) return null;
  const { target, operation, headersMs, answerMs, ratio } = widest;
  return html`Here, <code>${operation}</code> of ${target} sent its headers after ${formatMs(headersMs)} ms and its answer after
<strong>${formatMs(answerMs)} ms</strong> (p50), ${formatMs(ratio)} times as long.`;
}

type Contrast = {
  readonly target: string;
  readonly operation: string;
  readonly headersMs: number;
  readonly answerMs: number;
  readonly ratio: number;
};
