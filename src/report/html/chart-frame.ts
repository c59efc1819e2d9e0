import { scaleLinear } from 'd3-scale';
import { area, curveStepAfter, line } from 'd3-shape';
import { formatMoment, formatTick } from '../format.ts';
import type { Moment, Report } from '../report.ts';
import { html, type Markup } from './markup.ts';

type Stepped<Point> = { readonly intervalSeconds: number; readonly points: readonly Point[] };

/** A value per interval, as the path of a stepped line and of the area below it; both end with the last interval. */
export function stepsPath<Point extends { readonly atSeconds: number }>(
  { points, intervalSeconds }: Stepped<Point>,
  time: TimeAxis,
  of: (point: Point) => number,
  values: ValueAxis,
): { readonly line: string; readonly area: string } {
  const at = (point: Point): [number, number] => [time.toBox(point.atSeconds), values.toBox(of(point))];
  const changes = points.filter((point, index) => {
    const before = points[index - 1];
    return before === undefined || of(point) !== of(before);
  });
  const last = points.at(-1);
  const end: [number, number][] =
    last === undefined ? [] : [[time.toBox(last.atSeconds + intervalSeconds), values.toBox(of(last))]];
  const corners = [...changes.map(at), ...end];
  return {
    line: line().digits(0).curve(curveStepAfter)(corners) ?? '',
    area: area().digits(0).curve(curveStepAfter).y0(BOX)(corners) ?? '',
  };
}

/** The size of a chart over time and its level of detail. */
export type TimeChartSize = {
  readonly heightPx: number;
  /** About how many steps the vertical axis has. */
  readonly steps: number;
  /** Whether pointing at an interval shows its figures. */
  readonly readable: boolean;
  /** Whether the time axis has labels; in a stack of charts only the last one needs them. */
  readonly timeLabels: boolean;
};

/** A vertical axis from 0 to a round number at or above the greatest value. */
export type ValueAxis = {
  /** Value → vertical position in the box of a chart, counted from the top. */
  readonly toBox: (value: number) => number;
  readonly ticks: readonly Tick[];
};

/** @param steps about how many steps the axis should have */
export function valueAxis(greatest: number, steps: number): ValueAxis {
  const scale = scaleLinear([0, greatest > 0 ? greatest : 1], [BOX, 0]).nice(steps);
  const top = scale.domain()[1] ?? 1;
  return { toBox: scale, ticks: scale.ticks(steps).map((value) => ({ at: value / top, text: formatTick(value) })) };
}

/** An invisible band per interval that shows its figures on hover. Only the style does this, so the page needs no script. */
export function timeBands<Point extends { readonly atSeconds: number }>(
  series: { readonly intervalSeconds: number; readonly points: readonly Point[] },
  time: TimeAxis,
  read: (point: Point) => string,
): readonly Markup[] {
  const width = percent(time.toBox(series.intervalSeconds) / BOX);
  return series.points.map((point) => {
    const x = percent(time.toBox(point.atSeconds) / BOX);
    return html`<g class="band"><rect x="${x}" width="${width}" height="100%"/><text x="100%" y="-8">${read(point)}</text></g>`;
  });
}

/** The time axis of a page: every chart over time starts at 0 s of the run and ends at the same moment. */
export type TimeAxis = {
  readonly endSeconds: number;
  /** Moment of the run → horizontal position in the box of a chart. */
  readonly toBox: (seconds: number) => number;
  readonly ticks: readonly Tick[];
  /** What every chart marks with a vertical line. */
  readonly moments: readonly Moment[];
};

/** Usual time steps, in seconds. */
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

/** A label on an axis. */
export type Tick = {
  /** Fraction of the axis, from the left or from the bottom. */
  readonly at: number;
  readonly text: string;
  /** A narrow page leaves it out. */
  readonly optional?: boolean;
};

/** Paths are drawn in a box of this width and height, y downwards, which is stretched over the chart. */
export const BOX = 1000;

type ChartFrame = {
  /** What the chart shows, for screen readers. */
  readonly label: string;
  readonly heightPx: number;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  /** Elements in the coordinates of the box. */
  readonly marks: readonly Markup[];
  /** Elements in per cent of the chart. */
  readonly overlay?: readonly Markup[];
};

/**
 * The axes of a chart around its marks. Only the box of marks is stretched to the width that the page has: text keeps
 * its size on a phone. Labels lie outside the element, in margins that the style reserves.
 */
export function chartFrame({ label, heightPx, xTicks, yTicks, marks, overlay = [] }: ChartFrame): Markup {
  return html`<svg class="chart" role="img" aria-label="${label}" height="${heightPx}">${yTicks.map((tick) => yTick(tick, heightPx))}${xTicks.map((tick) => xTick(tick, heightPx))}<svg class="marks" viewBox="0 0 ${BOX} ${BOX}" preserveAspectRatio="none" width="100%" height="${heightPx}">${marks}</svg>${overlay}</svg>`;
}

/** A fraction as a percentage for an SVG coordinate. */
export function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(2))}%`;
}

function yTick({ at, text }: Tick, heightPx: number): Markup {
  const y = Number(((1 - at) * heightPx).toFixed(1));
  return html`<line class="${at === 0 ? 'axis' : 'grid'}" x2="100%" y1="${y}" y2="${y}"/><text class="y" x="-8" y="${y + 4}">${text}</text>`;
}

function xTick({ at, text, optional }: Tick, heightPx: number): Markup {
  const [x, name] = [percent(at), optional ? 'x optional' : 'x'];
  return html`<line class="tick" x1="${x}" x2="${x}" y1="${heightPx}" y2="${heightPx + 4}"/><text class="${name}" x="${x}" y="${heightPx + 17}">${text}</text>`;
}
