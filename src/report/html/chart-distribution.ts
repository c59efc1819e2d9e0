import type { Percentiles } from '../../summary/percentiles.ts';
import type { DistributionBin, OperationSummary } from '../../summary/summary.ts';
import { formatCount, formatMs, formatPercentile } from '../format.ts';
import { BOX, chartFrame, percent } from './chart-frame.ts';
import { type LatencyAxis, linearLatencyAxis, logLatencyAxis } from './chart-latency.ts';
import { html, type Markup } from './markup.ts';

/** The least distance between two labels, as a fraction of the axis; a closer label moves up a row. */
const LABEL_WIDTH = 0.1;
const LABEL_ROW_PX = 12;
const MOST_TICKS = 6;
const NAMES = ['p50', 'p95', 'p99'] as const;

/** Useful requests by latency, with p50, p95 and p99 marked; null when there were none. */
export function distributionChart(operation: OperationSummary, heightPx: number): Markup | null {
  const bins = operation.distribution;
  const [first, last] = [bins[0], bins.at(-1)];
  if (first === undefined || last === undefined || operation.latencyMs === null) return null;
  const axis = axisOf(first, last);
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  const { latencyMs } = operation;
  return chartFrame({
    label: `Distribution of the latency of ${operation.operation} of ${operation.target}: ${formatCount(
      operation.useful,
    )} useful requests between ${formatMs(first.fromMs)} and ${formatMs(last.toMs)} ms; ${NAMES.map(
      (name) => `${name} ${formatPercentile(latencyMs, name)}`,
    ).join(', ')} ms.`,
    heightPx,
    xTicks: axis.ticks,
    yTicks: [
      { at: 0, text: '0' },
      { at: 1, text: formatCount(most) },
    ],
    marks: [html`<path class="bins" d="${bins.map((bin) => bar(bin, axis, most)).join('')}"/>`],
    overlay: markers(axis, latencyMs),
  });
}

/** Bins that widen with the latency give equal bars on a logarithmic axis; bins of equal width, on a linear one. */
function axisOf(first: DistributionBin, last: DistributionBin): LatencyAxis {
  const growing = last.toMs - last.fromMs > 1.5 * (first.toMs - first.fromMs);
  return growing && first.fromMs > 0
    ? logLatencyAxis(first.fromMs, last.toMs, MOST_TICKS)
    : linearLatencyAxis(first.fromMs, last.toMs);
}

function bar(bin: DistributionBin, axis: LatencyAxis, most: number): string {
  if (bin.count === 0) return '';
  const [left, right] = [bin.fromMs, bin.toMs].map((ms) => Math.round(axis.toFraction(ms) * BOX)) as [number, number];
  const height = Math.max(8, Math.round((bin.count / most) * BOX));
  return `M${left},${BOX}v-${height}H${right}v${height}z`;
}

/** A figure beyond the bins, which only a lower bound can be, is marked at their end. */
function markers(axis: LatencyAxis, latencyMs: Percentiles): readonly Markup[] {
  let row = 0;
  let previous = Number.NEGATIVE_INFINITY;
  return NAMES.map((name) => {
    const at = axis.toFraction(latencyMs[name]);
    const bound = latencyMs.atLeast?.includes(name) ? '≥ ' : '';
    row = at - previous < LABEL_WIDTH ? row + 1 : 0;
    previous = at;
    const top = -4 - row * LABEL_ROW_PX;
    return html`<line class="marker ${name}" x1="${percent(at)}" x2="${percent(at)}" y1="${top}" y2="100%"/><text class="marker ${name}" x="${percent(at)}" y="${top - 3}">${bound}${name}</text>`;
  });
}
