import type { OperationSummary, Series } from '../../summary/summary.ts';
import { formatCount, formatMs } from '../format.ts';
import { failuresChart, rateChart } from './chart-counts.ts';
import { distributionChart } from './chart-distribution.ts';
import { latencyChart } from './chart-latency.ts';
import type { LatencyLimit } from './chart-marks.ts';
import { html, type Markup } from './markup.ts';
import { name } from './name.ts';
import type { TimeAxis } from './time-axis.ts';

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
