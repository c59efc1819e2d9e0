import { parseThreshold } from '../../plan/threshold.ts';
import type { OperationKind } from '../../sample/block.ts';
import type { Series } from '../../summary/summary.ts';
import type { ThresholdResult } from '../../verdict/verdict.ts';
import { formatMoment } from '../format.ts';
import type { Moment, Report } from '../report.ts';
import { BOX, percent, type ValueAxis } from './chart-frame.ts';
import { html, type Markup } from './markup.ts';

/** A limit that a threshold sets for the latency in a chart. */
export type LatencyLimit = { readonly limitMs: number; readonly expression: string; readonly ok: boolean };

/** What a chart shows. */
type Shown = { readonly target: string; readonly operation: string; readonly kind?: OperationKind | 'all' };

/** A limit this many times above everything measured would flatten the chart; it is named instead of drawn. */
const FARTHEST = 2;

/** What a chart over time is about. */
export function subjectOf({ target, operation, kind }: Series): string {
  if (operation === '*') return kind === 'step' ? 'all steps' : 'all operations';
  return `${operation} of ${target}${kind === 'protocol' ? ' (protocol)' : ''}`;
}

/**
 * The limits for the latency of one operation; with `*`, those for all operations together. A step and a request of the
 * protocol can have the same name, so the limit must be about the same kind.
 */
export function latencyLimits(thresholds: readonly ThresholdResult[], shown: Shown): readonly LatencyLimit[] {
  return thresholds.flatMap(({ metric, expression, ok, kind = 'step' }) => {
    const parsed = parseThreshold(metric, expression);
    if ('problem' in parsed || parsed.metric !== 'mcp_request_duration' || parsed.limit <= 0) return [];
    const { target = shown.target, operation = shown.operation } = parsed.tags;
    const isOfKind = kind === (shown.kind ?? 'step') || (kind === 'all' && shown.operation !== '*');
    const applies = target === shown.target && operation === shown.operation && isOfKind;
    return applies ? [{ limitMs: parsed.limit, expression, ok }] : [];
  });
}

/** The greatest value of an axis that also shows the limits that are not far above. */
export function greatestWithLimits(greatest: number, limits: readonly LatencyLimit[]): number {
  return Math.max(
    greatest,
    ...limits.map(({ limitMs }) => limitMs).filter((limitMs) => limitMs <= FARTHEST * greatest),
  );
}

/**
 * Horizontal lines at limits; those above the axis are only named, at the top.
 * @param labelled whether each line has its condition beside it
 */
export function limitLines(limits: readonly LatencyLimit[], values: ValueAxis, labelled: boolean): readonly Markup[] {
  const placed = limits.map((limit) => ({ ...limit, at: values.toBox(limit.limitMs) / BOX }));
  const lines = placed
    .filter(({ at }) => at >= 0)
    .map(({ at, expression, ok }) => {
      const y = percent(at);
      const label = labelled ? html`<text class="limit" x="4" y="${y}" dy="-4">${expression}</text>` : null;
      return html`<line class="limit ${ok ? 'met' : 'missed'}" x2="100%" y1="${y}" y2="${y}"><title>${expression}</title></line>${label}`;
    });
  const above = placed.filter(({ at }) => at < 0).map(({ expression }) => expression);
  if (above.length === 0) return lines;
  const place = labelled ? html`class="limit" x="4"` : html`class="limit far" x="100%"`;
  return [...lines, html`<text ${place} y="-4">↑ ${above.join(', ')}</text>`];
}

/** Vertical lines at the moments that the plan sets, each with a tooltip. */
export function momentLines(moments: readonly Moment[], endSeconds: number): readonly Markup[] {
  return moments
    .filter(({ atSeconds }) => atSeconds <= endSeconds)
    .map((moment) => {
      const x = percent(moment.atSeconds / endSeconds);
      return html`<line class="moment" x1="${x}" x2="${x}" y2="100%"><title>${momentWords(moment)}</title></line>`;
    });
}

/** What the lines across the charts mean, as sentences; empty when there are none. */
export function marksSentence({ moments, thresholds }: Report): string {
  const warmUp = moments.find(({ what }) => what === 'warm-up ends');
  const stages = moments.filter(({ what }) => what === 'stage ends').length;
  const marked = [
    ...(warmUp === undefined ? [] : [`the end of the warm-up at ${formatMoment(warmUp.atSeconds)}`]),
    ...(stages === 0 ? [] : [stages === 1 ? 'the end of a stage' : 'the ends of stages']),
  ];
  return [
    ...(marked.length === 0 ? [] : [`Dotted vertical lines mark ${marked.join(' and ')}.`]),
    ...(thresholds.some(({ metric }) => metric.startsWith('mcp_request_duration'))
      ? ['Dashed lines are latency thresholds; an arrow names those above the chart.']
      : []),
  ].join(' ');
}

function momentWords({ atSeconds, what, scenario }: Moment): string {
  return `${formatMoment(atSeconds)}: ${scenario === undefined ? '' : `${scenario}, `}${what}`;
}
