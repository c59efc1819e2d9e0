import type { DistributionBin, OperationSummary } from '../../summary/summary.ts';
import { formatCount, formatMs } from '../format.ts';
import { BOX, chartFrame, percent } from './chart-frame.ts';
import { type LatencyAxis, linearLatencyAxis, logLatencyAxis } from './chart-latency.ts';
import { html, type Markup } from './markup.ts';

/** The least distance between two labels, as a fraction of the axis; a closer label moves up a row. */
const LABEL_WIDTH = 0.1;
const LABEL_ROW_PX = 12;
const MOST_TICKS = 6;

/** Useful requests by latency, with p50, p95 and p99 marked; null when there were none. */
export function distributionChart(operation: OperationSummary, heightPx: number): Markup | null {
  const bins = operation.distribution;
  const [first, last] = [bins[0], bins.at(-1)];
  if (first === undefined || last === undefined || operation.latencyMs === null) return null;
  const axis = axisOf(first, last);
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  const { p50, p95, p99 } = operation.latencyMs;
  return chartFrame({
    label: `Distribution of the latency of ${operation.operation} of ${operation.target}: ${formatCount(
      operation.useful,
    )} useful requests between ${formatMs(operation.latencyMs.min)} and ${formatMs(operation.latencyMs.max)} ms; p50 ${formatMs(
      p50,
    )}, p95 ${formatMs(p95)}, p99 ${formatMs(p99)} ms.`,
    heightPx,
    xTicks: axis.ticks,
    yTicks: [
      { at: 0, text: '0' },
      { at: 1, text: formatCount(most) },
    ],
    marks: [html`<path class="bins" d="${bins.map((bin) => bar(bin, axis, most)).join('')}"/>`],
    overlay: markers(axis, [
      ['p50', p50],
      ['p95', p95],
      ['p99', p99],
    ]),
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

function markers(axis: LatencyAxis, values: readonly (readonly [name: string, ms: number])[]): readonly Markup[] {
  let row = 0;
  let previous = Number.NEGATIVE_INFINITY;
  return values.map(([name, ms]) => {
    const at = axis.toFraction(ms);
    row = at - previous < LABEL_WIDTH ? row + 1 : 0;
    previous = at;
    const top = -4 - row * LABEL_ROW_PX;
    return html`<line class="marker ${name}" x1="${percent(at)}" x2="${percent(at)}" y1="${top}" y2="100%"/><text class="marker ${name}" x="${percent(at)}" y="${top - 3}">${name}</text>`;
  });
}
