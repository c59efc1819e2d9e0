import { area, line } from 'd3-shape';
import type { Series, SeriesPoint } from '../../summary/summary.ts';
import { formatMoment, formatMs } from '../format.ts';
import { chartFrame } from './chart-frame.ts';
import { greatestWithLimits, type LatencyLimit, limitLines, momentLines } from './chart-marks.ts';
import { html, type Markup } from './markup.ts';
import type { TimeAxis } from './time-axis.ts';
import { timeBands } from './time-bands.ts';
import type { TimeChartSize } from './time-chart-size.ts';
import { valueAxis } from './value-axis.ts';

const PERCENTILES = [
  { name: 'p99', of: (point: SeriesPoint) => point.p99Ms },
  { name: 'p95', of: (point: SeriesPoint) => point.p95Ms },
  { name: 'p50', of: (point: SeriesPoint) => point.p50Ms },
] as const;

/**
 * p50, p95 and p99 of each interval, at its middle. A line breaks where an interval had no useful request; a point
 * between two such intervals is a dot. Null when there is nothing to draw.
 */
export function latencyChart(
  series: Series,
  time: TimeAxis,
  size: TimeChartSize,
  limits: readonly LatencyLimit[] = [],
): Markup | null {
  const greatest = Math.max(...series.points.map((point) => point.p99Ms ?? -1));
  if (series.points.length === 0 || greatest < 0) return null;
  const values = valueAxis(greatestWithLimits(greatest, limits), size.steps);
  const x = (point: SeriesPoint) => time.toBox(point.atSeconds + series.intervalSeconds / 2);
  const spread = area<SeriesPoint>()
    .digits(0)
    .defined((point) => point.p50Ms !== null && point.p95Ms !== null)
    .x(x)
    .y0((point) => values.toBox(point.p50Ms ?? 0))
    .y1((point) => values.toBox(point.p95Ms ?? 0));
  const lines = PERCENTILES.map(({ name, of }) => {
    const known = (point: SeriesPoint | undefined) => point !== undefined && of(point) !== null;
    const y = (point: SeriesPoint) => values.toBox(of(point) ?? 0);
    const path = line<SeriesPoint>().digits(0).defined(known).x(x).y(y);
    const lone = series.points.filter(
      (point, index, all) => known(point) && !known(all[index - 1]) && !known(all[index + 1]),
    );
    const dots = lone.map((point) => `M${x(point).toFixed(0)},${y(point).toFixed(0)}h0`);
    return html`<path class="line ${name}" d="${path(series.points) ?? ''}"/>${
      dots.length === 0 ? null : html`<path class="dot ${name}" d="${dots.join('')}"/>`
    }`;
  });
  return chartFrame({
    label: describe(series, limits),
    heightPx: size.heightPx,
    xTicks: size.timeLabels ? time.ticks : [],
    yTicks: values.ticks,
    marks: size.readable ? [html`<path class="spread" d="${spread(series.points) ?? ''}"/>`, ...lines] : lines,
    overlay: [
      ...momentLines(time.moments, time.endSeconds),
      ...limitLines(limits, values, size.readable),
      ...(size.readable ? timeBands(series, time, (point) => read(point, series.intervalSeconds)) : []),
    ],
  });
}

function describe(series: Series, limits: readonly LatencyLimit[]): string {
  const slowest = series.points.reduce((a, b) => ((b.p99Ms ?? -1) > (a.p99Ms ?? -1) ? b : a));
  const medians = series.points.flatMap((point) => point.p50Ms ?? []);
  const of = series.operation === '*' ? 'all operations' : `${series.operation} of ${series.target}`;
  return `Latency of ${of} over time: the p50 of an interval lies between ${formatMs(Math.min(...medians))} and ${formatMs(
    Math.max(...medians),
  )} ms; the highest p99, ${formatMs(slowest.p99Ms)} ms, is at ${formatMoment(slowest.atSeconds)}.${limits.map(({ expression }) => ` Limit: ${expression} ms.`).join('')}`;
}

function read(point: SeriesPoint, intervalSeconds: number): string {
  const when = `${formatMoment(point.atSeconds)}–${formatMoment(point.atSeconds + intervalSeconds)}`;
  if (point.p50Ms === null) return `${when}: no useful request`;
  return `${when}: p50 ${formatMs(point.p50Ms)} · p95 ${formatMs(point.p95Ms)} · p99 ${formatMs(point.p99Ms)} ms`;
}
