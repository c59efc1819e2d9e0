import { scaleLinear } from 'd3-scale';
import { formatTick } from '../format.ts';
import { BOX, type Tick } from './chart-frame.ts';

/** A vertical axis from 0 to a round number at or above the greatest value. */
export type ValueAxis = {
  /** Value → vertical place in the box of a chart, which counts downwards. */
  readonly toBox: (value: number) => number;
  readonly ticks: readonly Tick[];
};

/** @param steps about how many steps the axis should have */
export function valueAxis(greatest: number, steps: number): ValueAxis {
  const scale = scaleLinear([0, greatest > 0 ? greatest : 1], [BOX, 0]).nice(steps);
  const top = scale.domain()[1] ?? 1;
  return { toBox: scale, ticks: scale.ticks(steps).map((value) => ({ at: value / top, text: formatTick(value) })) };
}
