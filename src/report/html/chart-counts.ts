import type { Series, SeriesPoint, SessionSummary, StartPoint, StartSeries } from '../../summary/summary.ts';
import { formatCount, formatMoment, formatRate } from '../format.ts';
import { BOX, chartFrame, stepsPath, type TimeAxis, type TimeChartSize, timeBands, valueAxis } from './chart-frame.ts';
import { momentLines, subjectOf } from './chart-marks.ts';
import { html, type Markup } from './markup.ts';

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

/** Failed requests per interval, as bars on an axis of their own so that few among many are visible. */
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
    label: `Failures over time: ${formatCount(total)} in total, at most ${formatCount(most)} in ${series.intervalSeconds} s.`,
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
  return `Requests per second of ${subjectOf(series)} over time, at most ${formatRate(peak)}.`;
}

function when(point: SeriesPoint, { intervalSeconds }: Series): string {
  return `${formatMoment(point.atSeconds)}–${formatMoment(point.atSeconds + intervalSeconds)}`;
}

/** The most sessions open at the same time in each interval, as steps. */
export function sessionsChart(sessions: SessionSummary, time: TimeAxis, size: TimeChartSize): Markup {
  const { most, intervalSeconds, target } = sessions;
  const values = valueAxis(most, size.steps);
  const steps = stepsPath(sessions, time, (point) => point.most, values);
  const of = target === '*' ? 'all targets' : target;
  return chartFrame({
    label: `Open sessions with ${of} over time, at most ${formatCount(most)} at the same time.`,
    heightPx: size.heightPx,
    xTicks: size.timeLabels ? time.ticks : [],
    yTicks: values.ticks,
    marks: [html`<path class="rate" d="${steps.area}"/>`],
    overlay: [
      ...momentLines(time.moments, time.endSeconds),
      ...(size.readable
        ? timeBands(sessions, time, ({ atSeconds, most: here, active }) => {
            const when = `${formatMoment(atSeconds)}–${formatMoment(atSeconds + intervalSeconds)}`;
            return `${when}: at most ${formatCount(here)} open, ${formatCount(active)} at the end`;
          })
        : []),
    ],
  });
}

/** Starts per second of a scenario: actual starts as an area, planned starts as a line. */
export function startsChart(starts: StartSeries, time: TimeAxis, size: TimeChartSize): Markup {
  const { points, scenario, intervalSeconds } = starts;
  const planned = (point: StartPoint) => point.planned / intervalSeconds;
  const started = (point: StartPoint) => point.started / intervalSeconds;
  const values = valueAxis(Math.max(0, ...points.flatMap((point) => [planned(point), started(point)])), size.steps);
  const sum = (of: (point: StartPoint) => number) => formatCount(points.reduce((total, each) => total + of(each), 0));
  return chartFrame({
    label: `Starts per second of ${scenario} over time: ${sum((each) => each.planned)} planned, ${sum((each) => each.started)} made, ${sum((each) => each.dropped)} dropped.`,
    heightPx: size.heightPx,
    xTicks: size.timeLabels ? time.ticks : [],
    yTicks: values.ticks,
    marks: [
      html`<path class="rate" d="${stepsPath(starts, time, started, values).area}"/>`,
      html`<path class="line planned" d="${stepsPath(starts, time, planned, values).line}"/>`,
    ],
    overlay: [
      ...momentLines(time.moments, time.endSeconds),
      ...(size.readable
        ? timeBands(starts, time, (point) => {
            const when = `${formatMoment(point.atSeconds)}–${formatMoment(point.atSeconds + intervalSeconds)}`;
            const dropped = point.dropped === 0 ? '' : ` · ${formatCount(point.dropped)} dropped`;
            return `${when}: ${formatRate(planned(point))}/s planned · ${formatRate(started(point))}/s made${dropped}`;
          })
        : []),
    ],
  });
}
