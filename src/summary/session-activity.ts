import type { SessionFold } from './fold.ts';
import type { SessionPoint } from './summary.ts';

/**
 * How many sessions were open in each interval. One that closes at the instant at which another opens makes room for it.
 * @param intervals how many there are; what happens after the last is left out
 */
export function sessionActivity(
  { opened, closed }: Pick<SessionFold, 'opened' | 'closed'>,
  intervals: number,
  intervalMs: number,
): SessionPoint[] {
  let [open, close] = [0, 0];
  const points: SessionPoint[] = [];
  for (let interval = 0; interval < intervals; interval++) {
    const endMs = (interval + 1) * intervalMs;
    let most = open - close;
    while ((opened[open] ?? endMs) < endMs || (closed[close] ?? endMs) < endMs) {
      if ((closed[close] ?? endMs) <= (opened[open] ?? endMs)) close++;
      else open++;
      most = Math.max(most, open - close);
    }
    points.push({ atSeconds: (interval * intervalMs) / 1000, active: open - close, most });
  }
  return points;
}
