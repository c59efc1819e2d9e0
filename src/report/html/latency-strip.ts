import type { OperationSummary } from '../../summary/summary.ts';
import { formatMs } from '../format.ts';
import { percent } from './chart-frame.ts';
import { type LatencyAxis, logLatencyAxis } from './latency-axis.ts';
import { html, type Markup } from './markup.ts';

const MOST_TICKS = 4;

/** The logarithmic axis that all strips of a table share; null when no operation has a latency. */
export function stripAxis(operations: readonly OperationSummary[]): LatencyAxis | null {
  const latencies = operations.flatMap((operation) => operation.latencyMs ?? []);
  if (latencies.length === 0) return null;
  const least = Math.max(0.01, Math.min(...latencies.map((each) => each.min)));
  return logLatencyAxis(least / 1.1, Math.max(least, ...latencies.map((each) => each.max)) * 1.1, MOST_TICKS);
}

/** The labels of the shared axis, for the head of the column. */
export function stripScale({ ticks }: LatencyAxis): Markup {
  return html`<svg class="strip" height="14" aria-hidden="true">${ticks.map(
    ({ at, text }) => html`<text x="${percent(at)}" y="11">${text}</text>`,
  )}</svg>`;
}

/**
 * One operation at a glance: a thin line from min to max, a bar from p50 to p95, a tick at p99. The figures stand
 * beside it, so it is hidden from screen readers.
 */
export function latencyStrip({ latencyMs }: OperationSummary, { toFraction, ticks }: LatencyAxis): Markup | null {
  if (latencyMs === null) return null;
  const at = (ms: number) => percent(toFraction(ms));
  const { min, p50, p95, p99, max } = latencyMs;
  const width = percent(toFraction(p95) - toFraction(p50));
  return html`<svg class="strip" height="16" aria-hidden="true"><title>p50 ${formatMs(p50)}, p95 ${formatMs(p95)}, p99 ${formatMs(
    p99,
  )} ms</title>${ticks.map((tick) => html`<line class="grid" x1="${percent(tick.at)}" x2="${percent(tick.at)}" y2="16"/>`)}<line class="range" x1="${at(min)}" x2="${at(max)}" y1="8" y2="8"/><rect class="bar" x="${at(p50)}" width="${width}" y="5" height="6"/><line class="p99" x1="${at(p99)}" x2="${at(p99)}" y1="2" y2="14"/><circle class="p50" cx="${at(p50)}" cy="8" r="3.5"/></svg>`;
}
