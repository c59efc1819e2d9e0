import type { StartCounts } from '../traffic/executor.ts';
import type { TokenHealth } from './generator-health.ts';

/** A target that a slice stopped loading, because going on would have shown nothing or done harm. */
export type StoppedTarget = {
  readonly target: string;
  /** For a person, e.g. which outcome made an end of it; without secrets. */
  readonly reason: string;
  /** When the slice stopped, epoch milliseconds. */
  readonly atMs: number;
};

/** What one attempt at a slice says about itself; part of its commit marker. */
export type SliceHealth = {
  /** Actual minus planned start. */
  readonly startDelayMs: number;
  readonly eventLoopDelayMs: { readonly p99: number; readonly max: number };
  /** Of the whole process while the slice ran; slices that shared a process report the same seconds. */
  readonly cpuSeconds: number;
  /** What the process had used when the slice began: so seconds that two slices saw are known to be the same. */
  readonly cpuFromSeconds: number;
  /** How long the slice made load. */
  readonly wallSeconds: number;
  /** What became of the starts of each scenario of which it had a share. */
  readonly starts: readonly ({ readonly scenario: string } & StartCounts)[];
  readonly tokens: readonly TokenHealth[];
  readonly stoppedTargets: readonly StoppedTarget[];
  readonly store: { readonly errors: number; readonly blocks: number; readonly samples: number };
  /** Names the process that ran it. */
  readonly instance: string;
};
