import type { OperationSummary, Series, SeriesPoint, SessionSummary, StartSeries } from '../../summary/summary.ts';
import { formatCount, formatDuration, formatMoment, formatPercentile, formatPoint } from '../format.ts';
import type { Report } from '../report.ts';
import { figures, makePlainTable, stepsThenProtocol, type Table } from '../table.ts';
import { failuresChart, rateChart, sessionsChart, startsChart } from './chart-counts.ts';
import { distributionChart } from './chart-distribution.ts';
import type { TimeAxis } from './chart-frame.ts';
import { latencyChart } from './chart-latency.ts';
import { type LatencyLimit, latencyLimits, marksSentence, subjectOf } from './chart-marks.ts';
import { html, type Markup, name } from './markup.ts';
import { folded } from './section-markup.ts';

/** A section of charts, which only HTML has. */
type ChartSection = { readonly id: 'time' | 'each'; readonly title: string; readonly markup: Markup };

/** The lines of the latency charts by name; on every chart p50 is the lowest line and p99 the highest. */
function percentileLegend(shown: readonly Series[]): Markup {
  const hasBounds = shown.some(({ points }) => points.some(({ atLeast }) => atLeast !== undefined));
  const bound = hasBounds ? html`<li class="bound">ring: at least (≥), some requests had no answer</li>` : null;
  return html`<ul class="legend"><li class="p50">p50</li><li class="p95">p95</li><li class="p99">p99</li>${bound}</ul>`;
}

/** Latency, request rate and failures of all steps over time; null when none was called. */
export function overTimeSection(report: Report, time: TimeAxis): ChartSection | null {
  const all = report.series.find((series) => series.target === '*' && series.operation === '*');
  if (all === undefined || callsOf({ count: report.totals.requests, ...report.totals }) === 0) return null;
  const latency = latencyChart(
    all,
    time,
    { heightPx: 220, steps: 5, readable: true, timeLabels: true },
    latencyLimits(report.thresholds, all),
  );
  const failures = failuresChart(all, time, { heightPx: 48, steps: 1, readable: true, timeLabels: true });
  const title = 'Over time';
  const markup = html`<section id="time"><h2>${title}</h2>
<p>${capital(subjectOf(all))} in intervals of ${formatDuration(all.intervalSeconds)}. Times are minutes and seconds since the start of the run. ${marksSentence(report)}</p>
<figure><figcaption><b>Latency, ms</b> ${percentileLegend([all])}</figcaption>
${latency ?? html`<p class="none">No useful requests, so there is no latency to show.</p>`}</figure>
<figure><figcaption><b>Requests per second</b></figcaption>${rateChart(all, time, { heightPx: 90, steps: 3, readable: true, timeLabels: true })}</figure>
${failures === null ? null : html`<figure><figcaption><b>Failures per interval</b></figcaption>${failures}</figure>`}
${report.starts.map((starts) => startsFigure(starts, time))}
${sessionsFigure(
  report.sessions.find(({ target }) => target === '*'),
  time,
)}
${folded(seriesTable(all))}</section>`;
  return { id: 'time', title, markup };
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

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What the charts of the whole headline show, as figures. */
function seriesTable(series: Series): Table {
  const { points, intervalSeconds } = series;
  return makePlainTable<SeriesPoint>({
    id: 'series',
    caption: `${capital(subjectOf(series))}, per interval of ${formatDuration(intervalSeconds)}; latencies in ms`,
    detail: 'These charts as a table',
    columns: [
      figures('From', ({ atSeconds }) => formatMoment(atSeconds), { names: true }),
      figures('Requests', ({ requests }) => formatCount(requests)),
      figures('Failures', ({ failures }) => formatCount(failures)),
      ...(points.some(({ withoutAnswer }) => withoutAnswer !== undefined)
        ? [figures<SeriesPoint>('No answer', ({ withoutAnswer = 0 }) => formatCount(withoutAnswer))]
        : []),
      ...(points.some(({ blocked }) => blocked !== undefined)
        ? [figures<SeriesPoint>('No session', ({ blocked = 0 }) => formatCount(blocked))]
        : []),
      ...(['p50', 'p95', 'p99'] as const).map((name) =>
        figures<SeriesPoint>(name, (point) => formatPoint(point, name)),
      ),
      figures('Open sessions', ({ activeSessions }) => formatCount(activeSessions)),
    ],
    rows: points,
  });
}

/** Charts of fewer requests are mostly empty; they are there, but folded away. */
const FEWEST_REQUESTS = 10;

/** Small charts of every operation, by target, all on the same time axis; null when nothing was sent. */
export function eachOperationSection(report: Report, time: TimeAxis): ChartSection | null {
  if (report.operations.length === 0) return null;
  const title = 'Charts by operation';
  const targets = stepsThenProtocol(report.operations).map((group) => targetCharts(group, report, time));
  const markup = html`<section id="each"><h2>${title}</h2>
<div class="intro"><p>All charts over time share one time axis; the other axes fit each operation. ${marksSentence(report)}</p>${percentileLegend(report.series)}</div>
${targets}</section>`;
  return { id: 'each', title, markup };
}

type OperationGroup = { readonly title: string; readonly items: readonly OperationSummary[] };

function targetCharts({ title, items: operations }: OperationGroup, report: Report, time: TimeAxis): Markup {
  const charts = (operation: OperationSummary) =>
    operationCharts(
      operation,
      report.series.find((each) => {
        return (
          each.target === operation.target && each.operation === operation.operation && each.kind === operation.kind
        );
      }),
      time,
      latencyLimits(report.thresholds, operation),
    );
  const many = operations.filter((operation) => callsOf(operation) >= FEWEST_REQUESTS);
  const few = operations.filter((operation) => callsOf(operation) < FEWEST_REQUESTS);
  // Once for each target: with its steps, or with what the protocol adds where it has none.
  const [first] = report.operations.filter(({ target }) => target === operations[0]?.target);
  const sessions = report.sessions.find(({ target }) => target === first?.target && operations.includes(first));
  return html`<h3>${title}</h3>
${sessions === undefined || report.sessions.length <= 2 ? null : openSessions(sessions, time)}
${many.map(charts)}
${
  few.length === 0
    ? null
    : html`<details><summary>Fewer than ${FEWEST_REQUESTS} requests: ${few.map((each) => each.operation).join(', ')}</summary>${few.map(charts)}</details>`
}`;
}

/** The requests, and the calls that were not sent because no session could be opened for them. */
function callsOf({ count, blocked = 0 }: Pick<OperationSummary, 'count' | 'blocked'>): number {
  return count + blocked;
}

/** In a run with one target, the charts of the whole run show this. */
function openSessions(sessions: SessionSummary, time: TimeAxis): Markup {
  const chart = sessionsChart(sessions, time, { heightPx: 36, steps: 1, readable: false, timeLabels: true });
  return html`<div class="charts"><div class="stack"><figure><figcaption>Open sessions</figcaption>${chart}</figure></div></div>`;
}

/** One operation: latency, rate and failures on the same time axis, and beside them the distribution of its latency. */
function operationCharts(
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
  return html`<article class="operation"><header><h4>${name(operation.operation)}</h4>${summaryLine(operation)}</header>
<div class="charts"><div class="stack">${latency ? figure('Latency, ms', latency) : html`<p class="none">No useful requests, so no latency.</p>`}
${rate ? figure('Requests per second', rate) : null}${failures ? figure('Failures per interval', failures) : null}</div>
<div class="distribution">${distribution ? figure('Requests by latency, ms', distribution) : null}</div></div></article>`;
}

function summaryLine({ count, failures, blocked = 0, withoutAnswer, latencyMs }: OperationSummary): Markup {
  const latency =
    latencyMs === null
      ? null
      : ` · ${(['p50', 'p95', 'p99'] as const).map((name) => `${name} ${formatPercentile(latencyMs, name)}`).join(' · ')} ms`;
  const failed = failures === 0 ? null : html` · <b class="bad">${formatCount(failures)} failed</b>`;
  const silent =
    withoutAnswer === 0 ? null : html` · <b class="bad">${formatCount(withoutAnswer)} without an answer</b>`;
  const unsent = blocked === 0 ? null : html` · <b class="bad">${formatCount(blocked)} without a session</b>`;
  return html`<p>${formatCount(count)} ${count === 1 ? 'request' : 'requests'}${failed}${silent}${unsent}${latency}</p>`;
}

function figure(caption: string, chart: Markup): Markup {
  return html`<figure><figcaption>${caption}</figcaption>${chart}</figure>`;
}
