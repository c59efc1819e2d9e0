/** Time as the rest of the program sees it; only this file reads the machine's clock. */
export type Clock = {
  /** Epoch milliseconds with fractions, never running backwards within a process. */
  now(): number;
  /** Resolves at an instant (at once when it has passed), or when the signal aborts, whichever comes first. */
  sleepUntil(atMs: number, signal?: AbortSignal): Promise<void>;
};

/** Node's timers take at most this many milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Reading it takes longer than reading the clock itself. */
const { timeOrigin } = performance;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => timeOrigin + performance.now(),
  async sleepUntil(atMs, signal) {
    // A timer may fire a fraction of a millisecond early, so the clock decides.
    for (let leftMs = atMs - this.now(); leftMs > 0 && !signal?.aborted; leftMs = atMs - this.now()) {
      await timer(Math.min(Math.ceil(leftMs), MAX_TIMER_MS), signal);
    }
  },
};

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(handle);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const handle = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}
