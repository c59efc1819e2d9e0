import { scaleLinear } from 'd3-scale';
import { formatMoment } from '../format.ts';
import type { Moment, Report } from '../report.ts';
import { BOX, type Tick } from './chart-frame.ts';

/** The one time axis of a page: every chart over time starts at 0 s of the run and ends at the same moment. */
export type TimeAxis = {
  readonly endSeconds: number;
  /** Moment of the run → horizontal place in the box of a chart. */
  readonly toBox: (seconds: number) => number;
  readonly ticks: readonly Tick[];
  /** What every chart marks with a vertical line. */
  readonly moments: readonly Moment[];
};

/** Steps that people count time in, in seconds. */
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];
const MOST_TICKS = 8;

export function timeAxis(report: Report): TimeAxis {
  const ends = [...report.series, ...report.starts].map(
    ({ points, intervalSeconds }) => (points.at(-1)?.atSeconds ?? 0) + intervalSeconds,
  );
  const endSeconds = Math.max(report.durationSeconds, ...ends, 0.1);
  const step = STEPS.find((seconds) => endSeconds / seconds <= MOST_TICKS) ?? endSeconds;
  const count = Math.floor(endSeconds / step + 1e-9) + 1;
  return {
    endSeconds,
    moments: report.moments,
    toBox: scaleLinear([0, endSeconds], [0, BOX]),
    ticks: Array.from({ length: count }, (_, index) => ({
      at: (index * step) / endSeconds,
      text: formatMoment(index * step),
      optional: index % 2 === 1,
    })),
  };
}
