import type { Share } from '../plan/slices.ts';
import type { Clock } from './clock.ts';
import type { Iteration, VirtualUser } from './virtual-user.ts';

export type ExecutorOptions = {
  readonly share: Share;
  /** Makes a virtual user. @param vu its number in the run */
  readonly newVu: (vu: number) => VirtualUser;
  readonly clock: Clock;
  /** When it aborts, no further iteration begins; what is under way may end by itself. */
  readonly stopping: AbortSignal;
  /** A start that comes later than this after its instant is late, milliseconds. */
  readonly lateAfterMs: number;
  /** Told of every change in the number of virtual users at work. */
  readonly onActive: (change: 1 | -1) => void;
  /** Hears of each iteration that could not begin: no virtual user was free, or time ran out. */
  readonly onDropped: (iteration: Iteration) => void;
};

/** What became of the starts of one scenario in one slice. */
export type StartCounts = {
  /** Undefined where virtual users set the pace, so that no number of starts is planned. */
  readonly planned: number | undefined;
  readonly started: number;
  readonly dropped: number;
  /** Starts that came later than `lateAfterMs`. */
  readonly late: number;
  /** Intended to actual start, the longest. */
  readonly maxLagMs: number;
};
