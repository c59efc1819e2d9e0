import type { OperationSummary, Series, SessionSummary, StartSeries } from '../../summary/summary.ts';
import { formatCount, formatDuration, formatMoment, formatMs } from '../format.ts';
import type { Report } from '../report.ts';
import { byTarget, type OfTarget } from '../tables.ts';
import { failuresChart, rateChart, sessionsChart, startsChart } from './chart-counts.ts';
import { distributionChart } from './chart-distribution.ts';
import type { TimeAxis } from './chart-frame.ts';
import { latencyChart } from './chart-latency.ts';
import { type LatencyLimit, latencyLimits, marksSentence } from './chart-marks.ts';
import { html, type Markup, name, scrollTable } from './markup.ts';

/**
 * One operation: latency, rate and failures over time below one another on the same time axis, and beside them how its
 * latency is distributed.
 */
export function operationCharts(
  operation: OperationSummary,
  series: Series | undefined,
  time: TimeAxis,
  limits: readonly LatencyLimit[],
): Markup {
  const small = { readable: false, timeLabels: false };
  const latency = series && latencyChart(series, time, { ...small, heightPx: 110, steps: 3 }, limits);
  const failures = series && failuresChart(series, time, { ...small, heightPx: 24, steps: 1, timeLabels: true });
  const rate = series && rateChart(series, time, { ...small, heightPx: 36, steps: 1, timeLabels: !failures });
  const distribution = distributionChart(operation, 130);
  return html`<article class="operation"><header><h4>${name(operation.operation)}</h4>${figures(operation)}</header>
<div class="charts"><div class="stack">${latency ? figure('Latency, ms', latency) : html`<p class="none">No useful request, so no latency.</p>`}
${rate ? figure('Requests per second', rate) : null}${failures ? figure('Failures in each interval', failures) : null}</div>
<div class="distribution">${distribution ? figure('Requests by latency, ms', distribution) : null}</div></div></article>`;
}

function figures({ count, failures, latencyMs }: OperationSummary): Markup {
  const latency =
    latencyMs === null
      ? null
      : ` · p50 ${formatMs(latencyMs.p50)} · p95 ${formatMs(latencyMs.p95)} · p99 ${formatMs(latencyMs.p99)} ms`;
  const failed = failures === 0 ? null : html` · <b class="bad">${formatCount(failures)} failed</b>`;
  return html`<p>${formatCount(count)} ${count === 1 ? 'request' : 'requests'}${failed}${latency}</p>`;
}

function figure(caption: string, chart: Markup): Markup {
  return html`<figure><figcaption>${caption}</figcaption>${chart}</figure>`;
}

/** The lines of the latency charts by name; on every chart p50 is the lowest line and p99 the highest. */
export const percentileLegend: Markup = html`<ul class="legend"><li class="p50">p50</li><li class="p95">p95</li><li class="p99">p99</li></ul>`;

/** Latency, request rate and failures of all operations over time; null when nothing was sent. */
export function overTimeSection(report: Report, time: TimeAxis): Markup | null {
  const all = report.series.find((series) => series.target === '*' && series.operation === '*');
  if (all === undefined || report.totals.requests === 0) return null;
  const latency = latencyChart(
    all,
    time,
    { heightPx: 220, steps: 5, readable: true, timeLabels: true },
    latencyLimits(report.thresholds, all),
  );
  const failures = failuresChart(all, time, { heightPx: 48, steps: 1, readable: true, timeLabels: true });
  return html`<section id="time"><h2>Over time</h2>
<p>All operations together, in intervals of ${formatDuration(all.intervalSeconds)}; the time is minutes and seconds since the start of the run. ${marksSentence(report)}</p>
<figure><figcaption><b>Latency of useful requests, ms</b> ${percentileLegend}</figcaption>
${latency ?? html`<p class="none">No request was useful, so there is no latency to show.</p>`}</figure>
<figure><figcaption><b>Requests per second</b></figcaption>${rateChart(all, time, { heightPx: 90, steps: 3, readable: true, timeLabels: true })}</figure>
${failures === null ? null : html`<figure><figcaption><b>Failures in each interval</b></figcaption>${failures}</figure>`}
${report.starts.map((starts) => startsFigure(starts, time))}
${sessionsFigure(
  report.sessions.find(({ target }) => target === '*'),
  time,
)}
${figuresTable(all)}</section>`;
}

function startsFigure(starts: StartSeries, time: TimeAxis): Markup {
  const chart = startsChart(starts, time, { heightPx: 70, steps: 2, readable: true, timeLabels: true });
  return html`<figure><figcaption><b>Starts per second of ${starts.scenario}</b> <ul class="legend"><li class="started">made</li><li class="planned">planned</li></ul></figcaption>${chart}</figure>`;
}

function sessionsFigure(sessions: SessionSummary | undefined, time: TimeAxis): Markup | null {
  if (sessions === undefined) return null;
  const chart = sessionsChart(sessions, time, { heightPx: 70, steps: 2, readable: true, timeLabels: true });
  return html`<figure><figcaption><b>Open sessions</b></figcaption>${chart}</figure>`;
}

function figuresTable(series: Series): Markup {
  const rows = series.points.map(
    (point) =>
      html`<tr><th scope="row" class="n">${formatMoment(point.atSeconds)}</th><td class="n">${formatCount(
        point.requests,
      )}</td><td class="n">${formatCount(point.failures)}</td><td class="n">${formatMs(point.p50Ms)}</td><td class="n">${formatMs(
        point.p95Ms,
      )}</td><td class="n">${formatMs(point.p99Ms)}</td><td class="n">${formatCount(point.activeSessions)}</td></tr>`,
  );
  return html`<details><summary>These charts as a table</summary>
${scrollTable(
  'Figures over time',
  html`<table class="dense"><caption>All operations, per interval of ${formatDuration(series.intervalSeconds)}; latencies in ms</caption>
<thead><tr><th scope="col" class="n">From</th><th scope="col" class="n">Requests</th><th scope="col" class="n">Failures</th><th scope="col" class="n">p50</th><th scope="col" class="n">p95</th><th scope="col" class="n">p99</th><th scope="col" class="n">Open sessions</th></tr></thead>
<tbody>${rows}</tbody></table>`,
)}</details>`;
}

/** Charts of fewer requests are mostly empty; they are there, but folded away. */
const FEWEST_REQUESTS = 10;

/** Small charts of every operation, by target, all on the same time axis. */
export function eachOperationSection(report: Report, time: TimeAxis): Markup | null {
  if (report.operations.length === 0) return null;
  return html`<section id="each"><h2>Each operation</h2>
<div class="intro"><p>Every chart over time has the same time axis; the other axes fit the operation. ${marksSentence(report)}</p>${percentileLegend}</div>
${byTarget(report.operations).map((group) => targetCharts(group, report, time))}</section>`;
}

function targetCharts({ target, operations }: OfTarget<OperationSummary>, report: Report, time: TimeAxis): Markup {
  const charts = (operation: OperationSummary) =>
    operationCharts(
      operation,
      report.series.find((each) => each.target === target && each.operation === operation.operation),
      time,
      latencyLimits(report.thresholds, operation),
    );
  const many = operations.filter((operation) => operation.count >= FEWEST_REQUESTS);
  const few = operations.filter((operation) => operation.count < FEWEST_REQUESTS);
  const sessions = report.sessions.find((each) => each.target === target);
  return html`<h3>${target}</h3>
${sessions === undefined || report.sessions.length <= 2 ? null : openSessions(sessions, time)}
${many.length === 0 ? null : many.map(charts)}
${
  few.length === 0
    ? null
    : html`<details><summary>Fewer than ${FEWEST_REQUESTS} requests: ${few.map((each) => each.operation).join(', ')}</summary>${few.map(charts)}</details>`
}`;
}

/** Of a run with one target, the charts of the whole run show it. */
function openSessions(sessions: SessionSummary, time: TimeAxis): Markup {
  const chart = sessionsChart(sessions, time, { heightPx: 36, steps: 1, readable: false, timeLabels: true });
  return html`<div class="charts"><div class="stack"><figure><figcaption>Open sessions</figcaption>${chart}</figure></div></div>`;
}
