import { scaleLinear, scaleLog } from 'd3-scale';
import { formatTick } from '../format.ts';
import type { Tick } from './chart-frame.ts';

/** A horizontal axis of latencies. */
export type LatencyAxis = {
  /** Latency in ms → fraction of the axis. */
  readonly toFraction: (ms: number) => number;
  readonly ticks: readonly Tick[];
};

/**
 * A logarithmic axis: what matters of a latency is how many times longer it is. Its labels are at 1, 2 and 5 of each
 * decade when there is room for them, at whole decades when there is not, and at plain steps when it spans too little.
 * @param fromMs positive
 */
export function logLatencyAxis(fromMs: number, toMs: number, mostTicks: number): LatencyAxis {
  const scale = scaleLog([fromMs, toMs], [0, 1]).clamp(true);
  const [first, last] = [Math.floor(Math.log10(fromMs)), Math.ceil(Math.log10(toMs))];
  const decades = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const choice = [
    decades.flatMap((decade) => [Number(`1e${decade}`), Number(`2e${decade}`), Number(`5e${decade}`)]),
    decades.map((decade) => Number(`1e${decade}`)),
    decades.filter((decade) => decade % 2 === 0).map((decade) => Number(`1e${decade}`)),
    scaleLinear([fromMs, toMs], [0, 1]).ticks(mostTicks - 2),
  ]
    .map((values) => values.filter((ms) => ms >= fromMs && ms <= toMs))
    .find((values) => values.length >= 2 && values.length <= mostTicks);
  return { toFraction: scale, ticks: labelled(choice ?? [], scale) };
}

export function linearLatencyAxis(fromMs: number, toMs: number): LatencyAxis {
  const scale = scaleLinear([fromMs, toMs], [0, 1]).clamp(true);
  return { toFraction: scale, ticks: labelled(scale.ticks(4), scale) };
}

function labelled(values: readonly number[], toFraction: (ms: number) => number): readonly Tick[] {
  return values.map((ms) => ({ at: toFraction(ms), text: formatTick(ms) }));
}
