import { BOX, percent } from './chart-frame.ts';
import { html, type Markup } from './markup.ts';
import type { TimeAxis } from './time-axis.ts';

/**
 * One invisible band per interval that shows its figures while it is pointed at. This is done by style alone, so the
 * page needs no script and can forbid all of them.
 */
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
