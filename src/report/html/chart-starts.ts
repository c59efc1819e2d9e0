import type { StartPoint, StartSeries } from '../../summary/summary.ts';
import { formatCount, formatMoment, formatRate } from '../format.ts';
import { chartFrame } from './chart-frame.ts';
import { momentLines } from './chart-marks.ts';
import { html, type Markup } from './markup.ts';
import { stepsPath } from './steps-path.ts';
import type { TimeAxis } from './time-axis.ts';
import { timeBands } from './time-bands.ts';
import type { TimeChartSize } from './time-chart-size.ts';
import { valueAxis } from './value-axis.ts';

/** Starts per second of a scenario: those made as an area, those planned as a line over it. */
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
