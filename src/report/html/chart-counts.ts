import type { Series, SeriesPoint, SessionSummary, StartPoint, StartSeries } from '../../summary/summary.ts';
import { formatCount, formatMoment, formatRate } from '../format.ts';
import { BOX, chartFrame, stepsPath, type TimeAxis, type TimeChartSize, timeBands, valueAxis } from './chart-frame.ts';
import { momentLines, subjectOf } from './chart-marks.ts';
import { html, type Markup } from './markup.ts';

/** Requests per second of each interval, as steps. */
export function rateChart(series: Series, time: TimeAxis, size: TimeChartSize): Markup {
  const peak = Math.max(0, ...series.points.map((point) => point.requestsPerSecond));
  return steppedChart(series, time, size, {
    label: `Requests per second of ${subjectOf(series)} over time, at most ${formatRate(peak)}.`,
    of: (point) => point.requestsPerSecond,
    read: (point) => `${formatRate(point.requestsPerSecond)} requests/s`,
  });
}

/** The most sessions open at the same time in each interval, as steps. */
export function sessionsChart(sessions: SessionSummary, time: TimeAxis, size: TimeChartSize): Markup {
  const of = sessions.target === '*' ? 'all targets' : sessions.target;
  return steppedChart(sessions, time, size, {
    label: `Open sessions with ${of} over time, at most ${formatCount(sessions.most)} at the same time.`,
    of: ({ most }) => most,
    read: ({ most, active }) => `at most ${formatCount(most)} open, ${formatCount(active)} at the end`,
  });
}

/** Starts per second of a scenario: actual starts as an area, planned starts as a line. */
export function startsChart(starts: StartSeries, time: TimeAxis, size: TimeChartSize): Markup {
  const { points, scenario, intervalSeconds } = starts;
  const planned = (point: StartPoint) => point.planned / intervalSeconds;
  const started = (point: StartPoint) => point.started / intervalSeconds;
  const sum = (of: (point: StartPoint) => number) => formatCount(points.reduce((total, each) => total + of(each), 0));
  return steppedChart(starts, time, size, {
    label: `Starts per second of ${scenario} over time: ${sum((each) => each.planned)} planned, ${sum((each) => each.started)} made, ${sum((each) => each.dropped)} dropped.`,
    of: started,
    wanted: planned,
    read: (point) => {
      const dropped = point.dropped === 0 ? '' : ` · ${formatCount(point.dropped)} dropped`;
      return `${formatRate(planned(point))}/s planned · ${formatRate(started(point))}/s made${dropped}`;
    },
  });
}

type Over<Point> = { readonly intervalSeconds: number; readonly points: readonly Point[] };

type Stepped<Point> = {
  readonly label: string;
  readonly of: (point: Point) => number;
  /** What the plan asks for, which is a line above the area. */
  readonly wanted?: (point: Point) => number;
  /** The figures of an interval. */
  readonly read: (point: Point) => string;
};

/** A figure of each interval as a stepped area. */
function steppedChart<Point extends { readonly atSeconds: number }>(
  series: Over<Point>,
  time: TimeAxis,
  size: TimeChartSize,
  { label, of, wanted, read }: Stepped<Point>,
): Markup {
  const shown = wanted === undefined ? [of] : [of, wanted];
  const values = valueAxis(
    Math.max(0, ...series.points.flatMap((point) => shown.map((each) => each(point)))),
    size.steps,
  );
  return chartFrame({
    label,
    heightPx: size.heightPx,
    xTicks: size.timeLabels ? time.ticks : [],
    yTicks: values.ticks,
    marks: [
      html`<path class="rate" d="${stepsPath(series, time, of, values).area}"/>`,
      ...(wanted === undefined
        ? []
        : [html`<path class="line planned" d="${stepsPath(series, time, wanted, values).line}"/>`]),
    ],
    overlay: [
      ...momentLines(time.moments, time.endSeconds),
      ...(size.readable ? timeBands(series, time, (point) => `${when(point, series)}: ${read(point)}`) : []),
    ],
  });
}

/**
 * Failed requests and calls without a session per interval, as bars on an axis of their own so that few among many are
 * visible.
 */
export function failuresChart(series: Series, time: TimeAxis, size: TimeChartSize): Markup | null {
  const most = Math.max(0, ...series.points.map(failuresOf));
  if (most === 0) return null;
  const height = (point: SeriesPoint) => Math.round((failuresOf(point) / most) * BOX);
  const width = Math.max(3, time.toBox(series.intervalSeconds));
  const failing = { ...series, points: series.points.filter((point) => failuresOf(point) > 0) };
  const bars = failing.points.map(
    (point) => `M${time.toBox(point.atSeconds).toFixed(0)},${BOX}v-${height(point)}h${width.toFixed(0)}V${BOX}z`,
  );
  const total = series.points.reduce((sum, point) => sum + failuresOf(point), 0);
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
      ...(size.readable ? timeBands(failing, time, (point) => `${when(point, series)}: ${failureWords(point)}`) : []),
    ],
  });
}

function failuresOf({ failures, blocked = 0 }: SeriesPoint): number {
  return failures + blocked;
}

function failureWords(point: SeriesPoint): string {
  const count = failuresOf(point);
  const { blocked = 0 } = point;
  const unsent = blocked === 0 ? '' : `, ${formatCount(blocked)} of them without a session`;
  return `${formatCount(count)} ${count === 1 ? 'failure' : 'failures'}${unsent}`;
}

function when({ atSeconds }: { readonly atSeconds: number }, { intervalSeconds }: Over<unknown>): string {
  return `${formatMoment(atSeconds)}–${formatMoment(atSeconds + intervalSeconds)}`;
}
