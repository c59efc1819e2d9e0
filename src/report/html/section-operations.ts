import type { Percentiles } from '../../summary/percentiles.ts';
import type { OperationSummary, OutcomeGroup } from '../../summary/summary.ts';
import { formatCount, formatMs, formatRate, formatTimeOfDay } from '../format.ts';
import { outcomeMeaning } from '../outcome-meaning.ts';
import type { Report } from '../report.ts';
import { byTarget, CALL_KINDS, type OperationCalls, operationsWithColdCalls } from '../tables.ts';
import { type LatencyAxis, latencyStrip, stripAxis, stripScale } from './chart-latency.ts';
import { html, type Markup, name, scrollTable } from './markup.ts';

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
