import { area, curveStepAfter, line } from 'd3-shape';
import { BOX } from './chart-frame.ts';
import type { TimeAxis } from './time-axis.ts';
import type { ValueAxis } from './value-axis.ts';

type Stepped<Point> = { readonly intervalSeconds: number; readonly points: readonly Point[] };

/** A value that holds for each interval, as the paths of steps and of the area under them; they end with the last one. */
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
