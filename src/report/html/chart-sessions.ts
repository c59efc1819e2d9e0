import type { SessionSummary } from '../../summary/summary.ts';
import { formatCount, formatMoment } from '../format.ts';
import { chartFrame } from './chart-frame.ts';
import { momentLines } from './chart-marks.ts';
import { html, type Markup } from './markup.ts';
import { stepsPath } from './steps-path.ts';
import type { TimeAxis } from './time-axis.ts';
import { timeBands } from './time-bands.ts';
import type { TimeChartSize } from './time-chart-size.ts';
import { valueAxis } from './value-axis.ts';

/** The most sessions that were open at one time in each interval, as steps. */
export function sessionsChart(sessions: SessionSummary, time: TimeAxis, size: TimeChartSize): Markup {
  const { most, intervalSeconds, target } = sessions;
  const values = valueAxis(most, size.steps);
  const steps = stepsPath(sessions, time, (point) => point.most, values);
  const of = target === '*' ? 'all targets' : target;
  return chartFrame({
    label: `Open sessions with ${of} over time, at most ${formatCount(most)} at one time.`,
    heightPx: size.heightPx,
    xTicks: size.timeLabels ? time.ticks : [],
    yTicks: values.ticks,
    marks: [html`<path class="rate" d="${steps.area}"/>`],
    overlay: [
      ...momentLines(time.moments, time.endSeconds),
      ...(size.readable
        ? timeBands(sessions, time, ({ atSeconds, most: here, active }) => {
            const when = `${formatMoment(atSeconds)}–${formatMoment(atSeconds + intervalSeconds)}`;
            return `${when}: at most ${formatCount(here)} open, ${formatCount(active)} at its end`;
          })
        : []),
    ],
  });
}
