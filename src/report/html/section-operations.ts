import type { Percentiles } from '../../summary/percentiles.ts';
import type { OperationSummary } from '../../summary/summary.ts';
import { byTarget } from '../by-target.ts';
import { formatCount, formatMs, formatRate } from '../format.ts';
import type { Report } from '../report.ts';
import type { LatencyAxis } from './latency-axis.ts';
import { latencyStrip, stripAxis, stripScale } from './latency-strip.ts';
import { html, type Markup } from './markup.ts';
import { name } from './name.ts';
import { scrollTable } from './scroll-table.ts';

/** Nearest-rank: the p95 of fewer than 20 values and the p99 of fewer than 100 are the greatest of them. */
const ENOUGH = { p95: 20, p99: 100 } as const;

/** Count, rate and latency of each operation, by target. */
export function operationsSection({ operations }: Report): Markup {
  if (operations.length === 0) {
    return html`<section id="operations"><h2>Operations</h2><p class="none">No request was sent.</p></section>`;
  }
  const axis = stripAxis(operations);
  const groups = byTarget(operations).map(
    (group) =>
      html`<tbody><tr class="group"><th scope="rowgroup" colspan="9">${group.target}</th></tr>${group.operations.map(
        (operation) => operationsRow(operation, axis),
      )}</tbody>`,
  );
  const few = operations.some((each) => each.latencyMs !== null && each.useful < ENOUGH.p99);
  return html`<section id="operations"><h2>Operations</h2>
${scrollTable(
  'Operations',
  html`<table class="operations"><caption>Latency in ms from the intended start to the matching response, useful requests only</caption>
<thead><tr><th scope="col">Operation</th><th scope="col" class="n">Requests</th><th scope="col" class="n">Failures</th><th scope="col" class="strips"><span class="unseen">Spread</span>${axis === null ? null : stripScale(axis)}</th><th scope="col" class="n">p50</th><th scope="col" class="n">p95</th><th scope="col" class="n">p99</th><th scope="col" class="n">max</th><th scope="col" class="n">Per second</th></tr></thead>
${groups}</table>`,
)}
<p class="hint"><span class="strips-hint">Spread, on one logarithmic scale: line from min to max, dot at p50, bar to p95, tick at p99.</span>${
    few
      ? ' A percentile in grey italics equals the maximum, because there were too few requests to tell them apart.'
      : null
  }</p>
${allPercentiles(operations)}</section>`;
}

function operationsRow(operation: OperationSummary, axis: LatencyAxis | null): Markup {
  const { latencyMs, useful } = operation;
  const figure = (ms: number | undefined, enough: number) =>
    html`<td class="${useful < enough ? 'n few' : 'n'}">${formatMs(ms)}</td>`;
  return html`<tr><th scope="row">${name(operation.operation)}</th><td class="n">${formatCount(operation.count)}</td><td class="${
    operation.failures > 0 ? 'n bad' : 'n'
  }">${formatCount(operation.failures)}</td><td class="strips">${
    axis === null ? null : latencyStrip(operation, axis)
  }</td><td class="n">${formatMs(latencyMs?.p50)}</td>${figure(latencyMs?.p95, ENOUGH.p95)}${figure(
    latencyMs?.p99,
    ENOUGH.p99,
  )}<td class="n">${formatMs(latencyMs?.max)}</td><td class="n">${formatRate(operation.requestsPerSecond)}</td></tr>`;
}

const COLUMNS = ['min', 'mean', 'p50', 'p75', 'p90', 'p95', 'p99', 'p999', 'max'] as const;

function allPercentiles(operations: readonly OperationSummary[]): Markup {
  const line = (title: string, count: number, percentiles: Percentiles | null) =>
    percentiles === null
      ? null
      : html`<tr><th scope="row">${name(title)}</th><td class="n">${formatCount(count)}</td>${COLUMNS.map(
          (key) => html`<td class="n">${formatMs(percentiles[key])}</td>`,
        )}</tr>`;
  const groups = byTarget(operations).map(
    (group) =>
      html`<tbody><tr class="group"><th scope="rowgroup" colspan="11">${group.target}</th></tr>${group.operations.flatMap(
        (each) => [
          line(each.operation, each.useful, each.latencyMs),
          line(`${each.operation}, failed`, each.failures, each.failedLatencyMs),
        ],
      )}</tbody>`,
  );
  return html`<details><summary>All percentiles, and how long failures took</summary>
${scrollTable(
  'All percentiles',
  html`<table class="dense"><caption>Latency of useful requests and, for failed ones, the time until the failure was known; ms</caption>
<thead><tr><th scope="col">Operation</th><th scope="col" class="n">Requests</th>${COLUMNS.map(
    (key) => html`<th scope="col" class="n">${key === 'p999' ? 'p99.9' : key}</th>`,
  )}</tr></thead>
${groups}</table>`,
)}</details>`;
}
