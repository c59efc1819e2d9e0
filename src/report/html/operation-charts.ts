import type { OperationSummary, Series } from '../../summary/summary.ts';
import { formatCount, formatMs } from '../figure.ts';
import { distributionChart } from './chart-distribution.ts';
import { latencyChart } from './chart-latency.ts';
import { failuresChart, rateChart } from './chart-rate.ts';
import { html, type Markup } from './markup.ts';
import { name } from './name.ts';
import type { TimeAxis } from './time-axis.ts';

/** One operation in a row of small charts: latency over time, rate and failures over time, distribution of latency. */
export function operationCharts(operation: OperationSummary, series: Series | undefined, time: TimeAxis): Markup {
  const sparse = { ...time, ticks: time.ticks.filter((tick) => !tick.optional) };
  const small = { readable: false, timeLabels: true };
  const latency = series && latencyChart(series, sparse, { ...small, heightPx: 110, steps: 3 });
  const failures = series && failuresChart(series, sparse, { ...small, heightPx: 24, steps: 1 });
  const rateSize = { ...small, heightPx: failures ? 36 : 110, steps: failures ? 1 : 2 };
  const rate = series && rateChart(series, sparse, { ...rateSize, timeLabels: !failures });
  const distribution = distributionChart(operation, 84);
  return html`<article class="operation"><header><h4>${name(operation.operation)}</h4>${figures(operation)}</header>
<div class="charts"><div>${latency ? figure('Latency, ms', latency) : html`<p class="none">No useful request, so no latency.</p>`}</div>
<div>${rate ? figure('Requests per second', rate) : null}${failures ? figure('Failures in each interval', failures) : null}</div>
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
