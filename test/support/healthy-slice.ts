import type { SliceHealth } from '../../src/summary/generator-health.ts';

/** What a slice says of itself that ran without a hitch. */
export const HEALTHY_SLICE: SliceHealth = {
  startDelayMs: 0,
  eventLoopDelayMs: { p99: 1, max: 2 },
  cpuSeconds: 1,
  cpuFromSeconds: 0,
  wallSeconds: 10,
  starts: [],
  tokens: [],
  stoppedTargets: [],
  store: { errors: 0, blocks: 1, samples: 1 },
  instance: 'one',
};
