import type { Series, SeriesPoint } from '../../summary/summary.ts';
import { formatCount, formatMoment, formatRate } from '../format.ts';
import { BOX, chartFrame } from './chart-frame.ts';
import { momentLines } from './chart-marks.ts';
import { html, type Markup } from './markup.ts';
import { stepsPath } from './steps-path.ts';
import type { TimeAxis } from './time-axis.ts';
import { timeBands } from './time-bands.ts';
import type { TimeChartSize } from './time-chart-size.ts';
import { valueAxis } from './value-axis.ts';

/** Requests per second of each interval, as steps. */
export function rateChart(series: Series, time: TimeAxis, size: TimeChartSize): Markup {
  const rate = (point: SeriesPoint) => point.requestsPerSecond;
  const values = valueAxis(Math.max(0, ...series.points.map(rate)), size.steps);
  const steps = stepsPath(series, time, rate, values);
  return chartFrame({
    label: describe(series, Math.max(0, ...series.points.map(rate))),
    heightPx: size.heightPx,
    xTicks: size.timeLabels ? time.ticks : [],
    yTicks: values.ticks,
    marks: [html`<path class="rate" d="${steps.area}"/>`],
    overlay: [
      ...momentLines(time.moments, time.endSeconds),
      ...(size.readable
        ? timeBands(series, time, (point) => `${when(point, series)}: ${formatRate(rate(point))} requests/s`)
        : []),
    ],
  });
}

/** How many requests of each interval failed, as bars on an axis of their own: few among many must still be seen. */
export function failuresChart(series: Series, time: TimeAxis, size: TimeChartSize): Markup | null {
  const most = Math.max(0, ...series.points.map((point) => point.failures));
  if (most === 0) return null;
  const height = (point: SeriesPoint) => Math.round((point.failures / most) * BOX);
  const width = Math.max(3, time.toBox(series.intervalSeconds));
  const failing = { ...series, points: series.points.filter((point) => point.failures > 0) };
  const bars = failing.points.map(
    (point) => `M${time.toBox(point.atSeconds).toFixed(0)},${BOX}v-${height(point)}h${width.toFixed(0)}V${BOX}z`,
  );
  const total = series.points.reduce((sum, point) => sum + point.failures, 0);
  return chartFrame({
    label: `Failures over time: ${formatCount(total)} in all, at most ${formatCount(most)} in ${series.intervalSeconds} s.`,
    heightPx: size.heightPx,
    xTicks: size.timeLabels ? time.ticks : [],
    yTicks: [
      { at: 0, text: '0' },
      { at: 1, text: formatCount(most) },
    ],
    marks: [html`<path class="failures" d="${bars.join('')}"/>`],
    overlay: [
      ...momentLines(time.moments, time.endSeconds),
      ...(size.readable
        ? timeBands(failing, time, (point) => `${when(point, series)}: ${formatCount(point.failures)} failures`)
        : []),
    ],
  });
}

function describe(series: Series, peak: number): string {
  const of = series.operation === '*' ? 'all operations' : `${series.operation} of ${series.target}`;
  return `Requests per second of ${of} over time, at most ${formatRate(peak)}.`;
}

function when(point: SeriesPoint, { intervalSeconds }: Series): string {
  return `${formatMoment(point.atSeconds)}–${formatMoment(point.atSeconds + intervalSeconds)}`;
}
