import type { OperationSummary, SessionSummary } from '../../summary/summary.ts';
import { byTarget, type OfTarget } from '../by-target.ts';
import type { Report } from '../report.ts';
import { latencyLimits, marksSentence } from './chart-marks.ts';
import { sessionsChart } from './chart-sessions.ts';
import { html, type Markup } from './markup.ts';
import { operationCharts } from './operation-charts.ts';
import { percentileLegend } from './section-charts.ts';
import type { TimeAxis } from './time-axis.ts';

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
