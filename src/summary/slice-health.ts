import type { TokenHealth } from './generator-health.ts';

/** What one attempt at a slice says about itself; part of its commit marker. */
export type SliceHealth = {
  /** Actual minus planned start. */
  readonly startDelayMs: number;
  readonly eventLoopDelayMs: { readonly p99: number; readonly max: number };
  /** Of the whole process while the slice ran; slices that shared a process report the same seconds. */
  readonly cpuSeconds: number;
  readonly tokens: readonly TokenHealth[];
  readonly store: { readonly errors: number; readonly blocks: number; readonly samples: number };
  /** Names the process that ran it. */
  readonly instance: string;
};
