/** How long the steps of a run wait for each other. All follow from the dead-after time, so that a test can shorten them. */
export type Timing = {
  /** A holder that shows no sign of life for this long is dead: another delivery may take over its slice. */
  readonly deadAfterMs: number;
  /**
   * A holder whose last proof is older than this makes no load. It is shorter than the dead-after time: the difference
   * covers a timer that fires late and requests that are being sent.
   */
  readonly proofMs: number;
  /** How often a slice stores its samples, proves that it holds its lease, and reads whether the run goes on. */
  readonly flushMs: number;
  /** After this time without an answer of the store, a heartbeat has failed. */
  readonly heartbeatTimeoutMs: number;
  /** The pause after a heartbeat that failed. */
  readonly heartbeatRetryMs: number;
  /** How long a preflight may take in all. */
  readonly preflightMs: number;
  /** How often a waiting delivery looks for a result and for signs of life. */
  readonly pollMs: number;
  /** After this time without an answer of the store, a call that reads or changes a row is made again. */
  readonly callTimeoutMs: number;
  /** The same for a call that stores a block of samples. */
  readonly appendTimeoutMs: number;
  /** The first and the longest pause between two tries of a call to the store that must succeed. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** How long a slice goes on trying to store its samples after its load has ended. */
  readonly lateWriteMs: number;
};

/** The longest time between two flushes; a shorter dead-after time shortens it. */
const LONGEST_FLUSH_MS = 2000;

/** All times for a dead-after time in milliseconds. With 30 s, a proof lasts 25 s and late writes go on for 5 minutes. */
export function timingOf(deadAfterMs: number): Timing {
  const second = deadAfterMs / 30;
  return {
    deadAfterMs,
    proofMs: 25 * second,
    flushMs: Math.min(LONGEST_FLUSH_MS, deadAfterMs / 10),
    heartbeatTimeoutMs: 4 * second,
    heartbeatRetryMs: second,
    preflightMs: 4 * deadAfterMs,
    pollMs: second / 2,
    callTimeoutMs: 10 * second,
    appendTimeoutMs: 20 * second,
    firstPauseMs: second,
    longestPauseMs: 10 * second,
    lateWriteMs: 10 * deadAfterMs,
  };
}

/** The dead-after time where no setting changes it. */
export const DEFAULT_DEAD_AFTER_MS = 30_000;
