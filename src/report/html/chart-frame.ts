import { html, type Markup } from './markup.ts';

/** A label on an axis. */
export type Tick = {
  /** Fraction of the axis from its start, left or bottom. */
  readonly at: number;
  readonly text: string;
  /** A narrow page leaves it out. */
  readonly optional?: boolean;
};

/** Paths are drawn in a box of this width and height, y downwards, which is stretched over the chart. */
export const BOX = 1000;

export type ChartFrame = {
  /** What the chart shows, for those who cannot see it. */
  readonly label: string;
  readonly heightPx: number;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  /** Elements in coordinates of the box. */
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
