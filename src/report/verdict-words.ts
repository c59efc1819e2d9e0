import type { VerdictStatus } from '../verdict/verdict.ts';

/** How a verdict is put to a person. The mark says the same as the colour, for those who do not see it. */
export type VerdictWords = { readonly mark: string; readonly title: string; readonly sentence: string };

export const verdictWords: Readonly<Record<VerdictStatus, VerdictWords>> = {
  pass: { mark: '✓', title: 'Passed', sentence: 'Nothing in the run breaks what its plan asks of the targets.' },
  fail: { mark: '✗', title: 'Failed', sentence: 'The run did not meet what its plan asks of the targets.' },
  invalid: {
    mark: '⚠',
    title: 'Invalid',
    sentence: 'The load generator could not do what the plan asked, so these figures prove nothing.',
  },
  stopped: {
    mark: '■',
    title: 'Stopped',
    sentence: 'The figures cover the load until the run was stopped, not what the plan asks.',
  },
};
