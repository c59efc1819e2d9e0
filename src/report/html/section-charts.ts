import type { Series, SessionSummary, StartSeries } from '../../summary/summary.ts';
import { formatCount, formatDuration, formatMoment, formatMs } from '../format.ts';
import type { Report } from '../report.ts';
import { failuresChart, rateChart } from './chart-counts.ts';
import { latencyChart } from './chart-latency.ts';
import { latencyLimits, marksSentence } from './chart-marks.ts';
import { sessionsChart } from './chart-sessions.ts';
import { startsChart } from './chart-starts.ts';
import { html, type Markup } from './markup.ts';
import { scrollTable } from './scroll-table.ts';
import type { TimeAxis } from './time-axis.ts';

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
