import { scaleLinear, scaleLog } from 'd3-scale';
import { area, line } from 'd3-shape';
import type { OperationSummary, Series, SeriesPoint } from '../../summary/summary.ts';
import { formatMoment, formatMs, formatPercentile, formatPoint, formatTick } from '../format.ts';
import { stepsThenProtocol } from '../table.ts';
import {
  chartFrame,
  percent,
  type Tick,
  type TimeAxis,
  type TimeChartSize,
  timeBands,
  valueAxis,
} from './chart-frame.ts';
import { greatestWithLimits, type LatencyLimit, limitLines, momentLines, subjectOf } from './chart-marks.ts';
import { html, type Markup } from './markup.ts';
import type { Drawing } from './section-markup.ts';

/** A horizontal axis of latencies. */
export type LatencyAxis = {
  /** Latency in ms → fraction of the axis. */
  readonly toFraction: (ms: number) => number;
  readonly ticks: readonly Tick[];
};

/**
 * A logarithmic axis, because latencies compare by ratio. Labels stand at 1, 2 and 5 of each decade where there is room,
 * otherwise at 1 and 5 or at whole decades, and at equal steps when the range is short.
 * @param fromMs positive
 */
export function logLatencyAxis(fromMs: number, toMs: number, mostTicks: number): LatencyAxis {
  const scale = scaleLog([fromMs, toMs], [0, 1]).clamp(true);
  const [first, last] = [Math.floor(Math.log10(fromMs)), Math.ceil(Math.log10(toMs))];
  const decades = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const choices = [
    decades.flatMap((decade) => [Number(`1e${decade}`), Number(`2e${decade}`), Number(`5e${decade}`)]),
    decades.flatMap((decade) => [Number(`1e${decade}`), Number(`5e${decade}`)]),
    decades.map((decade) => Number(`1e${decade}`)),
    decades.filter((decade) => decade % 2 === 0).map((decade) => Number(`1e${decade}`)),
    scaleLinear([fromMs, toMs], [0, 1]).ticks(mostTicks - 2),
  ]
    .map((values) => values.filter((ms) => ms >= fromMs && ms <= toMs))
    .filter(({ length }) => length > 0 && length <= mostTicks);
  const choice = choices.find(({ length }) => length >= 2) ?? choices[0] ?? [];
  return { toFraction: scale, ticks: labelled(choice, scale) };
}

export function linearLatencyAxis(fromMs: number, toMs: number): LatencyAxis {
  const scale = scaleLinear([fromMs, toMs], [0, 1]).clamp(true);
  return { toFraction: scale, ticks: labelled(scale.ticks(4), scale) };
}

function labelled(values: readonly number[], toFraction: (ms: number) => number): readonly Tick[] {
  return values.map((ms) => ({ at: toFraction(ms), text: formatTick(ms) }));
}

const MOST_TICKS = 4;
/** So many characters of labels fit beside one another into the heading of the column. */
const MOST_CHARACTERS = 12;

/** The axis of the strips: with fewer labels where they are long. */
function stripAxis(fromMs: number, toMs: number): LatencyAxis {
  const sparse = logLatencyAxis(fromMs, toMs, MOST_TICKS / 2);
  const axes = [MOST_TICKS, MOST_TICKS - 1].map((most) => logLatencyAxis(fromMs, toMs, most));
  return axes.find(({ ticks }) => ticks.reduce((sum, { text }) => sum + text.length, 0) <= MOST_CHARACTERS) ?? sparse;
}

/** A column of strips on one logarithmic axis: each operation at a glance; none when no operation has a latency. */
export function latencyStrips(operations: readonly OperationSummary[]): Drawing | undefined {
  const latencies = operations.flatMap(({ latencyMs }) => latencyMs ?? []);
  if (latencies.length === 0) return undefined;
  const least = Math.max(0.01, Math.min(...latencies.map(({ min }) => min)));
  const greatest = Math.max(least, ...latencies.map(({ max }) => max));
  const axis = stripAxis(least / 1.1, greatest * 1.1);
  const labels = axis.ticks.map(({ at, text }) => html`<text x="${percent(at)}" y="11">${text}</text>`);
  return {
    column: {
      before: 'p50',
      heading: html`<span class="unseen">Spread</span><svg class="strip" height="14" aria-hidden="true">${labels}</svg>`,
      cells: stepsThenProtocol(operations).flatMap(({ items }) => items.map((each) => latencyStrip(each, axis))),
    },
    footnote: html`<span class="drawn-hint">Spread, on a logarithmic scale: line from min to max, dot at p50, bar to p95, tick at p99.</span>`,
  };
}

/** A thin line from min to max, a bar from p50 to p95, a tick at p99. Hidden from screen readers, which read the figures. */
function latencyStrip({ latencyMs }: OperationSummary, { toFraction, ticks }: LatencyAxis): Markup | null {
  if (latencyMs === null) return null;
  const at = (ms: number) => percent(toFraction(ms));
  const { min, p50, p95, p99, max } = latencyMs;
  const width = percent(toFraction(p95) - toFraction(p50));
  const shown = (['p50', 'p95', 'p99'] as const).map((name) => `${name} ${formatPercentile(latencyMs, name)}`);
  return html`<svg class="strip" height="16" aria-hidden="true"><title>${shown.join(', ')} ms</title>${ticks.map((tick) => html`<line class="grid" x1="${percent(tick.at)}" x2="${percent(tick.at)}" y2="16"/>`)}<line class="range" x1="${at(min)}" x2="${at(max)}" y1="8" y2="8"/><rect class="bar" x="${at(p50)}" width="${width}" y="5" height="6"/><line class="p99" x1="${at(p99)}" x2="${at(p99)}" y1="2" y2="14"/><circle class="p50" cx="${at(p50)}" cy="8" r="3.5"/></svg>`;
}

const PERCENTILES = [
  { name: 'p99', of: (point: SeriesPoint) => point.p99Ms },
  { name: 'p95', of: (point: SeriesPoint) => point.p95Ms },
  { name: 'p50', of: (point: SeriesPoint) => point.p50Ms },
] as const;

/**
 * p50, p95 and p99 of each interval, at its middle. A line breaks where an interval had no useful requests; a point
 * between two such intervals is a dot. A figure that is only a lower bound is a ring. Null when there is nothing to draw.
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
    const bounds = series.points.filter((point) => known(point) && point.atLeast?.includes(name));
    const rings = bounds.map((point) => `M${x(point).toFixed(0)},${y(point).toFixed(0)}h0`).join('');
    return html`<path class="line ${name}" d="${path(series.points) ?? ''}"/>${
      dots.length === 0 ? null : html`<path class="dot ${name}" d="${dots.join('')}"/>`
    }${rings === '' ? null : html`<path class="dot bound ${name}" d="${rings}"/><path class="hole" d="${rings}"/>`}`;
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
  const [least, greatest] = [formatMs(Math.min(...medians)), formatMs(Math.max(...medians))];
  const named = limits.map(({ expression }) => ` Limit: ${expression} ms.`).join('');
  return `Latency of ${subjectOf(series)} over time: p50 between ${least} and ${greatest} ms; highest p99 ${formatPoint(slowest, 'p99')} ms at ${formatMoment(slowest.atSeconds)}.${named}`;
}

function read(point: SeriesPoint, intervalSeconds: number): string {
  const when = `${formatMoment(point.atSeconds)}–${formatMoment(point.atSeconds + intervalSeconds)}`;
  if (point.p50Ms === null) return `${when}: no useful requests`;
  return `${when}: p50 ${formatPoint(point, 'p50')} · p95 ${formatPoint(point, 'p95')} · p99 ${formatPoint(point, 'p99')} ms`;
}
