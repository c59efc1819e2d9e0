import type { VerdictStatus } from '../verdict/verdict.ts';

/** What a command's exit code says; k6's numbers where k6 has one. */
export const EXIT_CODE = {
  pass: 0,
  /** Something of ours, or of this machine, went wrong. */
  error: 1,
  /** The command line itself is wrong. */
  usage: 2,
  fail: 99,
  invalidPlan: 104,
  stopped: 105,
  preflightFailed: 106,
  invalid: 107,
} as const satisfies Record<VerdictStatus | 'error' | 'usage' | 'invalidPlan' | 'preflightFailed', number>;
